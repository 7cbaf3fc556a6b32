"""One side of the agreement over HTTP: Glance's application on a driver, in a process of its own.

    python -m tests.http.side simple_db|sql DESCRIPTOR DIRECTORY

Glance's configuration is one global object of a process, so each side has one. Time stands still
during a request, and ids are made from the number of the request, so both sides give the same.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import uuid
import warnings
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import glance.async_.taskflow_executor  # it registers the options of the engine
import glance.db
import webob
from glance.api import common
from glance.db.sqlalchemy import api as sql
from oslo_config import cfg
from oslo_utils import timeutils

from simple_db import RequestContext
from simple_db.glance.app import STORES, Site, glance_app, settle_tasks
from simple_db.glance.driver import new_database
from simple_db.glance.full_disk import full_disks_answered
from simple_db.glance.installation import install
from tests.http.requests import Answer, Request
from tests.support.reference import SqlDriver
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "http://glance.example:9292"
HEADERS = ("Content-Type", "Location", "Content-Range", "OpenStack-Image-Store-Ids")


class LatePool:
    """Does what Glance would do in threads when the request has been answered."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], object]] = []

    def spawn(self, function: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        self._waiting.append(lambda: function(*args, **kwargs))

    def work(self) -> None:
        while self._waiting:
            # Glance notes in the task what has failed.
            with contextlib.suppress(Exception):
                self._waiting.pop(0)()


class Side:
    """An application whose state is empty at first, and after each `reset`."""

    def __init__(self, app: Any, world: World, data: Path, empty: Callable[[], object]) -> None:
        self._app = app
        self._world = world
        self._data = data
        self._empty = empty
        self._pool = LatePool()
        self._made = 0
        self._turn = 0
        common.get_thread_pool = lambda *_, **__: self._pool
        timeutils.utcnow = lambda *_, **__: world.now()
        uuid.uuid4 = self._new_id

    def reset(self) -> None:
        self._world.restart()
        self._empty()
        # What Glance's cache adds when it starts: the row that stands for this server.
        glance.db.get_api().node_reference_create(RequestContext(is_admin=True), URL)
        for path in self._data.rglob("*"):
            if path.is_file():
                path.unlink()

    def answer(self, request: Request) -> Answer:
        self._turn, self._made = request.turn, 0
        self._world.restart()
        self._world.pass_time(days=request.turn // 40, microseconds=request.turn)
        asked = webob.Request.blank(
            request.path, method=request.method, headers=dict(request.headers), body=request.body
        )
        try:
            given = asked.get_response(self._app)
            headers = {name: given.headers[name] for name in HEADERS if name in given.headers}
            body = given.body.replace(str(self._data).encode(), b"DIRECTORY")
            answer = Answer(given.status_int, headers, body)
        except Exception as error:  # noqa: BLE001 - waitress answers 500 to it
            answer = Answer(500, {}, f"raised {error!r}".encode())
        self._pool.work()
        settle_tasks()
        return answer

    def _new_id(self) -> uuid.UUID:
        self._made += 1
        return uuid.UUID(int=self._turn << 64 | self._made, version=4)


def sql_side() -> tuple[contextlib.AbstractContextManager[Any], World, Callable[[], object]]:
    """Return Glance's SQL driver on SQLite, in place of its own connection."""
    world = World()
    driver = SqlDriver(world)
    in_place = mock.patch.object(sql, "_main_context_manager", driver.facade)
    return in_place, world, driver.reset


def our_side() -> tuple[contextlib.AbstractContextManager[Any], World, Callable[[], object]]:
    database = new_database()
    return install(database), World(), database.reset


def main(name: str, descriptor: str, directory: str) -> None:
    """Answer requests until the other end of the connection is closed."""
    warnings.simplefilter("ignore")
    logging.disable()
    data, private = Path(directory, "data"), Path(directory, "private")
    for path in (private, *(data / store for store in STORES)):
        path.mkdir(parents=True)
    in_place, world, empty = {"sql": sql_side, "simple_db": our_side}[name]()
    with Connection(int(descriptor)) as connection, in_place, full_disks_answered():
        app = glance_app(Site(private, data, URL))
        cfg.CONF.set_override("engine_mode", "serial", "taskflow_executor")
        side = Side(app, world, data, empty)
        with contextlib.suppress(EOFError):
            while True:
                request = connection.recv()
                if request:
                    connection.send(side.answer(request))
                else:
                    side.reset()
                    connection.send(None)


if __name__ == "__main__":
    main(*sys.argv[1:])
