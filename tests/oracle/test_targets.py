from __future__ import annotations

import logging
import sys
import types
from typing import Any

import pytest

from simple_db import Database
from simple_db.model.errors import ImageNotFound
from simple_db.oracle import named_targets, targets
from simple_db.oracle.programs.calls import call, member_id
from simple_db.oracle.targets import CannotRun, DriverTarget, Target
from tests.support import build

AN_IMAGE = call("image_create", "admin", values={"id": "image-1", "status": "active"})
GET = call("image_get", "admin", image_id="image-1")


def has_an_image(target: Target) -> bool:
    try:
        return bool(target.call(GET)["id"] == "image-1")
    except Exception as error:  # noqa: BLE001 - each target has a class of its own
        return type(error).__name__ != "ImageNotFound"


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A module of somebody's, without anything in it."""
    made = types.ModuleType("somebodys_driver")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


# --- simple_db -----------------------------------------------------------------------------------


def test_a_call_is_made_for_its_caller() -> None:
    target = targets.reference()
    target.call(call("image_create", "alice", values={"status": "queued", "owner": "alice"}))

    assert target.call(call("user_get_image_count", "admin", owner_id="alice")) == 1
    assert target.call(call("image_get_all", "stranger")) == []


def test_a_dump_has_the_rows_of_all_tables_deleted_ones_too() -> None:
    target = targets.reference()
    target.call(AN_IMAGE)
    target.call(call("image_destroy", "admin", image_id="image-1"))
    assert target.dump is not None
    dump = target.dump()

    assert [(row["id"], row["deleted"]) for row in dump.pop("images")] == [("image-1", True)]
    assert set(map(len, dump.values())) == {0}


def test_what_is_dumped_shares_nothing_with_the_database() -> None:
    database = build.a_full_database()
    before = database.snapshot()
    targets.rows_of(database)["image_locations"][0]["meta_data"].clear()

    assert database.snapshot() == before


def test_an_error_of_the_driver_comes_as_it_is() -> None:
    with pytest.raises(ImageNotFound):
        targets.reference().call(GET)


def test_a_function_without_context_is_called_without() -> None:
    target = targets.reference()
    target.call(AN_IMAGE)
    target.call(call("image_set_property_atomic", image_id="image-1", name="a", value="b"))

    assert target.call(GET)["properties"][0]["value"] == "b"


def test_lookups_are_resolved_on_the_target_itself() -> None:
    target = targets.reference()
    target.call(AN_IMAGE)
    member = {"image_id": "image-1", "member": "pending"}
    target.call(call("image_member_create", "admin", values=member))
    target.call(call("image_member_delete", "admin", memb_id=member_id("image-1", "pending")))

    assert target.call(call("image_member_find", "admin", image_id="image-1")) == []


def test_the_driver_cannot_change_the_arguments_of_a_call() -> None:
    def image_create(context: Any, values: dict[str, Any]) -> None:
        values.clear()

    driver = types.SimpleNamespace(image_create=image_create, reset=lambda: None)
    DriverTarget("a rude one", driver).call(AN_IMAGE)

    assert AN_IMAGE.given()["values"]["id"] == "image-1"


def test_a_reset_target_has_no_rows() -> None:
    target = targets.reference()
    target.call(AN_IMAGE)
    target.reset()

    assert not has_an_image(target)


# --- by name -------------------------------------------------------------------------------------


def test_a_target_is_a_module_or_what_is_in_one(module: types.ModuleType) -> None:
    module.inside = types.SimpleNamespace(db=Database())  # type: ignore[attr-defined]

    target = named_targets.resolve("somebodys_driver:inside.db")

    assert target.name == "somebodys_driver:inside.db"
    assert str(target.signature("clear_db_env")) == "() -> None"
    assert target.signature("image_paint") is None


def test_a_set_up_gives_the_driver_itself(module: types.ModuleType) -> None:
    module.fresh = Database  # type: ignore[attr-defined]

    target = named_targets.resolve("somebodys_driver", setup="somebodys_driver:fresh")
    target.call(AN_IMAGE)
    target.reset()

    assert not has_an_image(target)


def test_a_set_up_whose_driver_has_no_reset_is_called_for_every_program(
    module: types.ModuleType,
) -> None:
    def fresh() -> types.SimpleNamespace:
        db = Database()
        return types.SimpleNamespace(image_create=db.image_create, image_get=db.image_get)

    module.fresh = fresh  # type: ignore[attr-defined]

    target = named_targets.resolve("somebodys_driver", setup="somebodys_driver:fresh")
    target.call(AN_IMAGE)
    target.reset()

    assert not has_an_image(target)


@pytest.mark.parametrize("text", ["no_such_module", "somebodys_driver:nothing", "", "a b"])
def test_what_cannot_be_imported_is_named(module: types.ModuleType, text: str) -> None:
    with pytest.raises(CannotRun, match="cannot import"):
        named_targets.resolve(text)


def test_a_driver_without_reset_is_refused(module: types.ModuleType) -> None:
    with pytest.raises(CannotRun, match="somebodys_driver has no function `reset`"):
        named_targets.resolve("somebodys_driver")


def test_a_set_up_that_fails_is_named_with_its_error(module: types.ModuleType) -> None:
    module.fresh = lambda: 1 / 0  # type: ignore[attr-defined]

    with pytest.raises(CannotRun, match=r"somebodys_driver:fresh failed: ZeroDivisionError"):
        named_targets.resolve("somebodys_driver", setup="somebodys_driver:fresh")


def test_a_url_is_for_the_sql_driver_only(module: types.ModuleType) -> None:
    with pytest.raises(CannotRun, match="--url is for"):
        named_targets.resolve("somebodys_driver", url="sqlite://")


# --- Glance's drivers ----------------------------------------------------------------------------


@pytest.mark.glance
def test_glances_sql_driver_without_glance_is_refused_with_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "simple_db.oracle.sql_target", raising=False)
    monkeypatch.delattr("simple_db.oracle.sql_target", raising=False)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(CannotRun, match="api needs sqlalchemy, which is not installed"):
        named_targets.resolve(targets.SQL_DRIVER)


@pytest.mark.glance
@pytest.mark.parametrize("name", [targets.FAKE, targets.SQL_DRIVER])
def test_glances_drivers_are_built_in(name: str) -> None:
    target = named_targets.resolve(name)
    try:
        target.reset()
        target.call(AN_IMAGE)
        before = has_an_image(target)
        target.reset()

        assert before
        assert not has_an_image(target)
    finally:
        target.reset()
        target.close()


@pytest.mark.glance
@pytest.mark.parametrize("url", ["no url", "sqlite:////no/such/directory/at/all"])
def test_a_database_that_cannot_be_set_up_is_named(url: str) -> None:
    with pytest.raises(CannotRun, match=f"cannot set up glance.db.sqlalchemy.api on {url}"):
        named_targets.resolve(targets.SQL_DRIVER, url=url)


# --- silence -------------------------------------------------------------------------------------


def test_drivers_are_silent_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    with targets.silence():
        logging.getLogger("a driver").error("not told")
    logging.getLogger("a driver").error("told")

    assert caplog.messages == ["told"]
