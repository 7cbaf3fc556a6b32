"""A Glance API in a process of its own, whose state another process sets.

This is the process of the fixture ``glance_server`` of `simple_db.pytest_plugin`.

Glance's configuration is one global object of a process, so a server in the process of the tests
would disturb tests of Glance's own code. The two processes talk over a connection whose descriptor
the child inherits: a request is a pair of a word and bytes, an answer a pair of success and bytes.
When the tests' end of the connection is closed, for whatever reason, the server ends.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import socket
import stat
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import simple_db.glance.server_names  # noqa: F401 - it checks Glance before the rest imports it
from simple_db.glance import data_directory, stopping
from simple_db.glance.amended import amended
from simple_db.glance.app import Site, finish_tasks, glance_app, settle_tasks
from simple_db.glance.cache_node import ServerDriver
from simple_db.glance.driver import new_database
from simple_db.glance.guard import Guard, Neighbours
from simple_db.glance.installation import install
from simple_db.glance.lost_data import lost_data
from simple_db.glance.private_directory import private_directory
from simple_db.glance.server import log_to_stderr, url_of, wsgi_server
from simple_db.glance.starting import NewPaths, owner_only
from simple_db.model.errors import SimpleDBError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simple_db.glance.driver import Driver

LOG = logging.getLogger(__name__)

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
            "reset": lambda _: self._clear(),
            "restore": self._restore,
            "copy": self._copy,
        }

    def answer(self, word: str, body: bytes) -> tuple[bool, bytes]:
        """Return whether a request succeeded, and its result or the reason why not."""
        try:
            return True, self._words[word](body)
        except (SimpleDBError, OSError) as error:
            return False, str(error).encode()

    def _restore(self, snapshot: bytes) -> bytes:
        self._clear()
        self._driver.database.restore(snapshot)
        return b""

    def _copy(self, directory: bytes) -> bytes:
        """Copy the data of images from a directory, and log which images have none."""
        source = Path(os.fsdecode(directory))
        for path in _regular_files(source):
            copy = self._site.data / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        for line in lost_data(self._driver.database, self._site.data):
            LOG.warning("%s", line)
        return b""

    def _clear(self) -> bytes:
        # Imports of the last test must not write during the next one.
        settle_tasks()
        self._driver.database.reset()
        for directory, _, names in os.walk(self._site.data, onerror=_fail):
            for name in names:
                Path(directory, name).unlink(missing_ok=True)
        return b""


def _regular_files(directory: Path) -> Iterator[Path]:
    """Give the regular files of a data directory; links may lead out of it."""
    for parent, _, names in os.walk(directory, onerror=_fail):
        paths = (Path(parent, name) for name in names)
        yield from (path for path in paths if stat.S_ISREG(path.lstat().st_mode))


def _fail(error: OSError) -> NoReturn:
    raise error


def main(descriptor: str, directory: str) -> None:
    """Serve until the other end of the connection is closed.

    Args:
        descriptor: the number of the file descriptor of this end.
        directory: an absolute path; the data of the images goes there.
    """
    # A terminal sends these to all its processes; the connection ends this one.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    log_to_stderr()
    with (
        Connection(int(descriptor)) as connection,
        owner_only(),
        _serving(Path(directory)) as station,
    ):
        connection.send((True, b""))
        # OSError: the other end is closed before the answer.
        with contextlib.suppress(EOFError, OSError):
            while True:
                connection.send(station.answer(*connection.recv()))
    stopping.end_process(0)


@contextlib.contextmanager
def _serving(data: Path) -> Iterator[Station]:
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((_HOST, 0)))
        private = stack.enter_context(private_directory())
        stack.enter_context(data_directory.claimed(data, NewPaths()))
        site = Site(private, data, url_of(_HOST, listener))
        driver = stack.enter_context(install(ServerDriver(new_database())))
        stack.enter_context(amended(listener.getsockname()[1], data))
        app = Guard(glance_app(site), Neighbours(listening=(_HOST,)))
        stack.callback(finish_tasks)
        server = wsgi_server(app, listener, _THREADS)
        # As a daemon: waitress has no call that makes run() return from another thread.
        threading.Thread(target=server.run, daemon=True).start()
        yield Station(driver, site)
