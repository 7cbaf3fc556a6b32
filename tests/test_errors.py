import re

import pytest

from simple_db import errors

CLASSES = {name: value for name, value in vars(errors).items() if isinstance(value, type)}

# What simple_db has and Glance has not.
OWN = {
    "SimpleDBError",
    "SnapshotDamaged",
    "SnapshotError",
    "SnapshotInUse",
    "SnapshotMismatch",
    "SnapshotTooNew",
}


def parent_of(error: type) -> str:
    return error.__bases__[0].__name__


def drawn_tree() -> dict[str, str]:
    """Read the parents of the classes from the tree in the module's docstring."""
    parents: dict[str, str] = {}
    above = {-1: "Exception"}
    drawing = (errors.__doc__ or "").split("::\n")[1].split("A class that")[0]
    for line in filter(str.strip, drawing.splitlines()):
        found = re.search(r"\w+", line)
        assert found
        depth = (found.start() - 4) // 4
        parents[found[0]] = above[depth - 1]
        above[depth] = found[0]
    return parents


def test_the_tree_is_as_its_docstring_draws_it() -> None:
    assert drawn_tree() == {name: parent_of(error) for name, error in CLASSES.items()}


def test_one_except_clause_catches_them_all() -> None:
    assert all(issubclass(error, errors.SimpleDBError) for error in CLASSES.values())


@pytest.mark.glance
@pytest.mark.parametrize("name", sorted(CLASSES.keys() - OWN))
def test_a_class_has_the_same_parent_as_in_glance(name: str) -> None:
    theirs = pytest.importorskip("glance.common.exception")
    expected = parent_of(getattr(theirs, name)).replace("GlanceException", "SimpleDBError")

    assert parent_of(CLASSES[name]) == expected


@pytest.mark.glance
@pytest.mark.parametrize("name", sorted(OWN))
def test_our_own_classes_take_no_name_of_glance(name: str) -> None:
    assert not hasattr(pytest.importorskip("glance.common.exception"), name)
