"""A Glance API in a process of its own, whose state another process sets.

This is the process behind the fixture ``glance_server`` of `simple_db.pytest_plugin`::

    python -m simple_db.glance.under_test DESCRIPTOR DIRECTORY

Glance's configuration is one global object of a process, so a server in the process of the tests
would meddle with tests of Glance's own code. The two processes talk over a connection whose
descriptor the child inherits: a request is a pair of a word and bytes, an answer a pair of whether
it went well and bytes. The connection is also the leash: when the tests' end of it is closed, for
whatever reason, the server ends.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import sys
import tempfile
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from glance.common.exception import Duplicate

from simple_db import RequestContext
from simple_db.errors import SimpleDBError
from simple_db.glance.app import STORES, Site, finish_tasks, glance_app, settle_tasks
from simple_db.glance.driver import new_database
from simple_db.glance.full_disk import full_disks_answered
from simple_db.glance.guard import Guard, Neighbours
from simple_db.glance.installation import install
from simple_db.glance.server import log_to_stderr, url_of, wsgi_server
from simple_db.glance.sources import guarded_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simple_db.glance.driver import Driver

_HOST = "127.0.0.1"
_THREADS = 4


class Station:
    """The state of a server: the rows of its database, the files of its data directory."""

    def __init__(self, driver: Driver, site: Site) -> None:
        self._driver = driver
        self._site = site
        self._words = {
            "url": lambda _: site.url.encode(),
            "snapshot": lambda _: driver.database.snapshot(),
            "reset": lambda _: self._reset(),
            "restore": self._restore,
        }

    def answer(self, word: str, body: bytes) -> tuple[bool, bytes]:
        """Return whether a request went well, and what it asked for or why it did not."""
        try:
            return True, self._words[word](body)
        except SimpleDBError as error:
            return False, str(error).encode()

    def _reset(self) -> bytes:
        self._clear()
        self._note_the_node()
        return b""

    def _restore(self, snapshot: bytes) -> bytes:
        self._clear()
        try:
            self._driver.database.restore(snapshot)
        finally:
            self._note_the_node()
        return b""

    def _clear(self) -> None:
        # What the last test began must not write into the next one.
        settle_tasks()
        self._driver.database.reset()
        for path in self._site.data.rglob("*"):
            if path.is_file():
                path.unlink()

    def _note_the_node(self) -> None:
        """Add what Glance's cache adds when it starts: the row that stands for this server."""
        with contextlib.suppress(Duplicate):
            self._driver.node_reference_create(RequestContext(is_admin=True), self._site.url)


def main(descriptor: str, directory: str) -> None:
    """Serve until the other end of the connection is closed."""
    # Ctrl-C at a terminal reaches the whole group of processes; the leash is enough.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log_to_stderr()
    with Connection(int(descriptor)) as connection, _serving(Path(directory)) as station:
        connection.send((True, b""))
        # OSError: the answer comes too late, nobody is there any more.
        with contextlib.suppress(EOFError, OSError):
            while True:
                connection.send(station.answer(*connection.recv()))


@contextlib.contextmanager
def _serving(data: Path) -> Iterator[Station]:
    for store in STORES:
        (data / store).mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((_HOST, 0)))
        # Beside the data, so that a server that is killed leaves nothing outside its directory.
        temporary = tempfile.TemporaryDirectory(prefix="private-", dir=data.parent)
        private = Path(stack.enter_context(temporary))
        site = Site(private, data, url_of(_HOST, listener))
        driver = stack.enter_context(install(new_database()))
        stack.enter_context(full_disks_answered())
        stack.enter_context(guarded_sources(listener.getsockname()[1]))
        app = Guard(glance_app(site), Neighbours(listening=(_HOST,)))
        stack.callback(finish_tasks)
        server = wsgi_server(app, listener, _THREADS)
        # As a daemon: waitress has no call that makes run() return from another thread.
        threading.Thread(target=server.run, daemon=True).start()
        yield Station(driver, site)


if __name__ == "__main__":
    main(*sys.argv[1:])
