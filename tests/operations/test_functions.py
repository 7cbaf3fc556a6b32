from types import SimpleNamespace
from typing import Any

import pytest

from simple_db import Database
from simple_db.api import FUNCTIONS
from simple_db.operations.functions import Functions, of_a_database
from tests.support.build import ADMIN, a_database


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_a_method_by_its_own_name(name: str) -> None:
    function = vars(Functions)[name]

    assert function.__name__ == name
    assert getattr(Database, name) is function


def test_what_has_a_store_can_have_the_functions_too() -> None:
    class Other(Functions):
        store = a_database().store

    other = Other()
    image = other.image_create(ADMIN, {"status": "queued"})

    assert other.image_get_all(ADMIN) == [image]
    other.reset()
    assert other.image_get_all(ADMIN) == []


def test_a_method_of_a_database_is_refused_on_anything_else() -> None:
    @of_a_database
    def method(self: object) -> str:
        return "done"

    assert method(a_database()) == "done"
    nothing: Any = SimpleNamespace()
    for wrong in ("glance.json", Database, nothing):
        with pytest.raises(TypeError, match="method is a method of a database, not of the class"):
            method(wrong)
