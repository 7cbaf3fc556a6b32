from __future__ import annotations

import logging
import sys
import types
from typing import Any

import pytest

from simple_db import Database
from simple_db.model.errors import ImageNotFound
from simple_db.oracle.programs.calls import member_id
from simple_db.oracle.targets.named import resolve
from simple_db.oracle.targets.target import (
    FAKE,
    SQL_DRIVER,
    CannotRun,
    DriverTarget,
    Target,
    reference,
    rows_of,
    silence,
)
from tests.support import build
from tests.support.faults_shown import api

AN_IMAGE = api.image_create("admin", {"id": "image-1", "status": "active"})
GET = api.image_get("admin", "image-1")


def has_an_image(target: Target) -> bool:
    try:
        return bool(target.call(GET)["id"] == "image-1")
    except Exception as error:  # noqa: BLE001 - each target has a class of its own
        return type(error).__name__ != "ImageNotFound"


def forgets(target: Target) -> bool:
    """Return whether the target has an image that it created, and loses it by its reset."""
    target.call(AN_IMAGE)
    before = has_an_image(target)
    target.reset()
    return before and not has_an_image(target)


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """An empty module, as somebody's driver."""
    made = types.ModuleType("somebodys_driver")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


# --- simple_db -----------------------------------------------------------------------------------


def test_a_call_is_made_for_its_caller_or_without_a_context() -> None:
    target = reference()
    target.call(api.image_create("alice", {"id": "i", "status": "queued", "owner": "alice"}))
    target.call(api.image_set_property_atomic("i", "a", "b"))

    assert target.call(api.user_get_image_count("admin", "alice")) == 1
    assert target.call(api.image_get_all("stranger")) == []
    assert target.call(api.image_get("alice", "i"))["properties"][0]["value"] == "b"


def test_a_dump_has_the_rows_of_all_tables_deleted_ones_too() -> None:
    target = reference()
    target.call(AN_IMAGE)
    target.call(api.image_destroy("admin", "image-1"))
    assert target.dump is not None
    dump = target.dump()

    assert [(row["id"], row["deleted"]) for row in dump.pop("images")] == [("image-1", True)]
    assert set(map(len, dump.values())) == {0}


def test_what_is_dumped_shares_nothing_with_the_database() -> None:
    database = build.a_full_database()
    before = database.snapshot()
    rows_of(database)["image_locations"][0]["meta_data"].clear()

    assert database.snapshot() == before


def test_an_error_of_the_driver_comes_as_it_is() -> None:
    with pytest.raises(ImageNotFound):
        reference().call(GET)


def test_lookups_are_resolved_on_the_target_itself() -> None:
    target = reference()
    target.call(AN_IMAGE)
    target.call(api.image_member_create("admin", {"image_id": "image-1", "member": "pending"}))
    target.call(api.image_member_delete("admin", member_id("image-1", "pending")))

    assert target.call(api.image_member_find("admin", image_id="image-1")) == []


def test_the_driver_cannot_change_the_arguments_of_a_call() -> None:
    def image_create(context: Any, values: dict[str, Any]) -> None:
        values.clear()

    driver = types.SimpleNamespace(image_create=image_create, reset=lambda: None)
    DriverTarget("a rude one", driver).call(AN_IMAGE)

    assert AN_IMAGE.given()["values"]["id"] == "image-1"


def test_a_reset_target_has_no_rows() -> None:
    assert forgets(reference())


# --- by name -------------------------------------------------------------------------------------


def test_a_target_is_a_module_or_an_object_in_one(module: types.ModuleType) -> None:
    vars(module).update(inside=types.SimpleNamespace(db=Database()))

    target = resolve("somebodys_driver:inside.db")

    assert target.name == "somebodys_driver:inside.db"
    assert str(target.signature("clear_db_env")) == "() -> None"
    assert target.signature("image_paint") is None


def without_reset() -> types.SimpleNamespace:
    db = Database()
    return types.SimpleNamespace(image_create=db.image_create, image_get=db.image_get)


@pytest.mark.parametrize("set_up", [Database, without_reset])
def test_a_set_up_makes_the_driver_and_again_for_each_program_without_reset(
    set_up: Any, module: types.ModuleType
) -> None:
    vars(module).update(fresh=set_up)
    assert forgets(resolve("somebodys_driver", setup="somebodys_driver:fresh"))


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        ("no_such_module", {}, "cannot import"),
        ("somebodys_driver:nothing", {}, "cannot import"),
        ("", {}, "cannot import"),
        ("a b", {}, "cannot import"),
        ("somebodys_driver", {}, "somebodys_driver has no function `reset`"),
        (
            "somebodys_driver",
            {"setup": "somebodys_driver:failing"},
            "somebodys_driver:failing failed: ZeroDivisionError",
        ),
        ("somebodys_driver", {"url": "sqlite://"}, "--url is for"),
    ],
)
def test_a_target_that_cannot_be_set_up_is_refused(
    text: str, options: dict[str, str], why: str, module: types.ModuleType
) -> None:
    vars(module).update(failing=lambda: 1 / 0)
    with pytest.raises(CannotRun, match=why):
        resolve(text, **options)


# --- Glance's drivers ----------------------------------------------------------------------------


@pytest.mark.glance
def test_glances_sql_driver_without_glance_is_refused_with_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "simple_db.oracle.targets.sql_driver", raising=False)
    monkeypatch.delattr("simple_db.oracle.targets.sql_driver", raising=False)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(CannotRun, match="api needs sqlalchemy, which is not installed"):
        resolve(SQL_DRIVER)


@pytest.mark.glance
@pytest.mark.parametrize("name", [FAKE, SQL_DRIVER])
def test_glances_drivers_are_built_in(name: str) -> None:
    target = resolve(name)
    try:
        target.reset()
        assert forgets(target)
    finally:
        target.reset()
        target.close()


@pytest.mark.glance
@pytest.mark.parametrize("url", ["no url", "sqlite:////no/such/directory/at/all"])
def test_a_database_that_cannot_be_set_up_is_named(url: str) -> None:
    with pytest.raises(CannotRun, match=f"cannot set up glance.db.sqlalchemy.api on {url}"):
        resolve(SQL_DRIVER, url=url)


# --- silence -------------------------------------------------------------------------------------


def test_drivers_are_silent_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    with silence():
        logging.getLogger("a driver").error("not logged")
    logging.getLogger("a driver").error("logged")
    assert caplog.messages == ["logged"]
