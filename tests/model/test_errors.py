import copy
import pickle
import re
from collections.abc import Callable
from typing import cast

import pytest

from simple_db.model import errors

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


# --- how they are made -------------------------------------------------------------------------

EVERY_CLASS = pytest.mark.parametrize("error", CLASSES.values(), ids=CLASSES)


def facts_of(error: type[Exception]) -> dict[str, str]:
    """Return a value for each name in the text of a class, of ours or of Glance's."""
    names = re.findall(r"%\((\w+)\)s", getattr(error, "message", ""))
    return {name: f"the {name} of it" for name in names}


@pytest.mark.glance
@pytest.mark.parametrize("name", sorted(CLASSES.keys() - OWN))
def test_an_error_is_made_of_the_facts_that_glances_is_made_of(name: str) -> None:
    theirs = getattr(pytest.importorskip("glance.common.exception"), name)
    facts = facts_of(theirs)
    ours = CLASSES[name](**facts)

    places = [str(ours).index(value) for value in facts.values()]
    assert places == sorted(places)


@EVERY_CLASS
def test_other_facts_are_a_type_error_that_names_both(error: type[errors.SimpleDBError]) -> None:
    right = facts_of(error)
    with pytest.raises(TypeError, match=rf"^{error.__name__}, .* given .*weather") as raised:
        error(**right, weather="fine")
    assert all(name in str(raised.value) for name in right)
    for name in right:
        if len(right) > 1:
            with pytest.raises(TypeError, match=rf"^{error.__name__}, .* takes .*{name}"):
                error(**{other: value for other, value in right.items() if other != name})


@EVERY_CLASS
def test_an_error_has_the_text_that_it_is_given(error: type[errors.SimpleDBError]) -> None:
    assert str(error("50% of it")) == "50% of it" == error("50% of it").msg
    assert str(error("no %(what)s of %(number)d", what="image", number=3)) == "no image of 3"
    assert str(error(ValueError("why"))) == "why"


@EVERY_CLASS
def test_an_error_without_text_says_what_its_class_says(error: type[errors.SimpleDBError]) -> None:
    names = facts_of(error)
    assert "message" in vars(error)
    assert all(f"<{name}>" in str(error()) for name in names)
    assert str(error()).split()[0] == error.message.split()[0]


def pickled(error: Exception) -> Exception:
    return cast("Exception", pickle.loads(pickle.dumps(error)))  # noqa: S301 - our own bytes


@EVERY_CLASS
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
def test_a_copy_of_an_error_says_the_same(
    error: type[errors.SimpleDBError], copied: Callable[[Exception], Exception]
) -> None:
    for original in (error(), error("50% of %(it)s"), error(**facts_of(error))):
        original.add_note("at night")
        again = copied(original)
        assert type(again) is error
        assert (again.args, vars(again)) == (original.args, vars(original))
