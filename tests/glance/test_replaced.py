from __future__ import annotations

from typing import Any

import pytest

from simple_db.glance.replaced import replaced

pytestmark = pytest.mark.glance


class Parent:
    inherited: Any = "inherited"


class Child(Parent):
    own: Any = staticmethod(str.upper)


def replace_and_raise() -> None:
    with replaced(Child, own=len, inherited="replaced"):
        assert Child.own is len
        assert Child.inherited == "replaced"
        assert Parent.inherited == "inherited"
        raise ZeroDivisionError


def test_members_are_what_they_were_when_the_block_ends_however_it_does() -> None:
    before = dict(vars(Child))
    with pytest.raises(ZeroDivisionError):
        replace_and_raise()
    assert dict(vars(Child)) == before


def test_a_replacement_of_a_replacement_ends_before_it() -> None:
    with replaced(Child, own=len):
        with replaced(Child, own=abs):
            assert Child.own(-1) == 1
        assert Child.own("ab") == 2
    assert Child.own("ab") == "AB"
