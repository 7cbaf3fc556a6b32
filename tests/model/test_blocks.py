from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from simple_db.model.blocks import block

if TYPE_CHECKING:
    from collections.abc import Iterator


@block
def lent(things: list[str]) -> Iterator[list[str]]:
    """Lend things, and append 'back' at the end."""
    yield things
    things.append("back")


def test_a_block_is_given_what_the_function_yields_and_ends_after_it() -> None:
    things = ["lent"]
    with lent(things) as given:
        assert given is things
        assert things == ["lent"]
    assert things == ["lent", "back"]


def test_the_function_keeps_its_name_and_its_docstring() -> None:
    assert (lent.__name__, lent.__doc__) == ("lent", lent([]).__doc__)


def test_without_a_with_the_error_says_to_write_it() -> None:
    forgotten: Any = lent([])
    with pytest.raises(AttributeError, match=r"with statement, and has no 'append' itself"):
        forgotten.append("mine")


@pytest.mark.parametrize("nested", [True, False])
def test_a_block_that_is_entered_twice_says_to_make_another_one(nested: bool) -> None:
    things: list[str] = []
    kept = lent(things)
    with kept:
        if nested:
            with pytest.raises(RuntimeError, match=r"entered already: .* make a new one"), kept:
                pytest.fail("entered")
    with pytest.raises(RuntimeError, match=r"entered already: .* make a new one"), kept:
        pytest.fail("entered")
    assert things == ["back"]
