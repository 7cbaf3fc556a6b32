"""Tests of code of Glance, in the style of the README and of docs/moving.md."""

import unittest
from typing import assert_type
from unittest import mock

import glance.db
from glance.common import exception
from glance.context import RequestContext as GlanceContext

import simple_db.api
from simple_db import Database, RequestContext
from simple_db.glance import Driver, Installation, install
from simple_db.glance import api as db_api
from simple_db.model.shapes import ImageDict, NamespaceDict
from simple_db.pytest_plugin import GlanceServer

QUEUED = {"status": "queued", "visibility": "public"}
STRANGER = RequestContext(owner="lab")


class FakeDB:
    def __init__(self) -> None:
        db_api.reset()
        self.image = db_api.image_create(None, QUEUED)

    def __getattr__(self, key: str) -> object:
        return getattr(db_api, key)


@install()
def an_image_is_created(times: int = 1) -> int:
    return times


@install()
class TestImages(unittest.TestCase):
    def test_there_are_none(self) -> None:
        assert glance.db.get_api().image_get_all(None) == []


def test_the_functions_of_the_module() -> None:
    image = db_api.image_create(None, QUEUED)

    assert_type(image, ImageDict)
    assert_type(db_api.database, Database)
    assert_type(db_api.metadef_namespace_get(None, "ns"), NamespaceDict)
    with mock.patch("simple_db.glance.api.image_set_property_atomic"):
        db_api.image_set_property_atomic(image["id"], "os", "linux")
    try:
        db_api.image_update(STRANGER, image["id"], {"name": "mine"}, from_state="queued")
    except exception.Forbidden:
        db_api.clear_db_env()


def test_the_default_database() -> None:
    image = simple_db.api.image_create(None, QUEUED)

    assert_type(image, ImageDict)
    assert_type(simple_db.api.image_get_all(STRANGER, return_tag=True)[0]["tags"], list[str])
    simple_db.api.reset()


def test_the_fixtures(glance_db: Database, glance_db_api: Driver) -> None:
    assert_type(glance_db_api.image_get(None, "1")["visibility"] == "public", bool)
    assert_type(glance_db_api.database, Database)
    assert glance_db_api.image_get_all(None) == glance_db.image_get_all(None)


def test_a_server(glance_server: GlanceServer) -> None:
    token = glance_server.token("alice", "demo", "member")

    assert_type(glance_server.url, str)
    assert_type(glance_server.database(), Database)
    assert_type(glance_server.for_environment(token)["OS_TOKEN"], str)


def test_an_installation(glance_db: Database) -> None:
    with install(glance_db) as driver:
        assert_type(driver, Driver)
        driver.image_create(None, QUEUED)
    installation = install(driver)
    assert_type(installation, Installation)
    assert_type(installation.driver.image_member_count(None, "1"), int)
    installation.uninstall()
    assert_type(an_image_is_created(times=2), int)
    assert TestImages("test_there_are_none").countTestCases() == 1


def test_a_context_of_glance(glance_db: Database) -> None:
    context = GlanceContext(is_admin=True)
    glance_db.image_create(context, QUEUED)
