import datetime as dt
import inspect
from typing import Any
from unittest import mock

import pytest
from glance.common import exception
from glance.context import RequestContext
from oslo_utils import timeutils

from simple_db import Database
from simple_db.api import FUNCTIONS
from simple_db.glance import Driver, api
from simple_db.glance.driver import SETUP_FUNCTIONS, glance_error
from simple_db.model import errors

pytestmark = pytest.mark.glance

# It makes an enforcer of its own, which needs a configuration on Glance 31.
ADMIN = RequestContext(is_admin=True, policy_enforcer=object())
NAMES = (*FUNCTIONS, *SETUP_FUNCTIONS)
SHARED_ERRORS = [
    error
    for error in vars(errors).values()
    if isinstance(error, type) and hasattr(exception, error.__name__)
]


@pytest.fixture(autouse=True)
def _emptied_default_database() -> None:
    api.reset()


@pytest.mark.parametrize("name", NAMES)
def test_every_function_has_the_signature_of_the_databases_method(name: str) -> None:
    database = Database()
    method = inspect.signature(getattr(database, name))
    assert inspect.signature(getattr(Driver(database), name)) == method
    assert inspect.signature(getattr(api, name)) == method


@pytest.mark.parametrize("name", [*NAMES, "get_engine"])
def test_a_function_of_the_module_is_that_of_its_driver(name: str) -> None:
    function = getattr(api.driver, name)
    assert getattr(api, name) == function
    assert function.__name__ == name


def test_a_driver_works_on_the_database_it_was_given() -> None:
    database = Database()
    image = Driver(database).image_create(ADMIN, {"status": "queued"})
    assert database.image_get(ADMIN, image["id"]) == image
    assert Driver(database).store is database.store
    assert repr(Driver(database)) == f"<Driver on {database!r}>"


def test_the_module_works_on_one_database_that_reset_empties() -> None:
    api.image_create(ADMIN, {"status": "queued"})
    assert len(api.database.image_get_all(ADMIN)) == 1
    api.reset()
    assert api.image_get_all(ADMIN) == []


def test_configuring_and_clearing_change_nothing() -> None:
    api.image_create(ADMIN, {"status": "queued"})
    before = api.database.snapshot()
    api.configure()
    api.clear_db_env()
    assert api.database.snapshot() == before


@pytest.mark.parametrize(
    "error", [*SHARED_ERRORS, errors.SnapshotError], ids=lambda one: one.__name__
)
def test_an_error_becomes_glances_of_the_same_name_or_its_most_general_one(error: Any) -> None:
    translated = glance_error(error("50% of it"))
    assert type(translated) is getattr(exception, error.__name__, exception.GlanceException)
    assert str(translated) == "50% of it"


def test_a_function_raises_glances_exception_from_ours() -> None:
    with pytest.raises(exception.ImageNotFound) as raised:
        api.image_get(ADMIN, "nowhere")
    assert isinstance(raised.value.__cause__, errors.ImageNotFound)
    assert str(raised.value) == str(raised.value.__cause__)


@pytest.mark.filterwarnings("ignore:(set|clear)_time_override is deprecated")
def test_an_overridden_or_mocked_time_of_oslo_is_the_time_of_the_database() -> None:
    moment = dt.datetime(2001, 2, 3, 4, 5, 6)  # noqa: DTZ001 - Glance's times are naive
    timeutils.set_time_override(moment)
    try:
        assert api.image_create(ADMIN, {"status": "queued"})["created_at"] == moment
    finally:
        timeutils.clear_time_override()
    with mock.patch.object(timeutils, "utcnow", return_value=moment):
        assert api.image_create(ADMIN, {"status": "queued"})["created_at"] == moment


@pytest.mark.parametrize("db_api", [api, api.driver], ids=["module", "driver"])
def test_a_function_that_simple_db_lacks_is_named(db_api: Any) -> None:
    with pytest.raises(AttributeError, match=r"'image_levitate'.* Glance's database API"):
        _ = db_api.image_levitate


@pytest.mark.parametrize("wrong", [None, "glance.json", Database, {}])
def test_a_driver_of_anything_but_a_database_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"takes a simple_db\.Database, not "):
        Driver(wrong)


def test_a_function_of_a_driver_can_be_mocked() -> None:
    driver: Any = Driver(Database())
    with mock.patch.object(driver, "image_get", return_value="mocked"):
        assert driver.image_get(ADMIN, "1") == "mocked"
    with pytest.raises(exception.ImageNotFound):
        driver.image_get(ADMIN, "1")
