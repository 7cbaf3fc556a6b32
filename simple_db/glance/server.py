"""A Glance API for development: Glance's application on a database that is saved in a file.

`serve` runs it. The records are in memory and in one JSON file, the data of the images are files in
a directory, and there is no login.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import logging
import socket
import time
import urllib.parse
from typing import TYPE_CHECKING, Any, cast

from attrs import Factory, frozen
from oslo_config import types

import simple_db.glance.server_names  # noqa: F401 - it checks Glance before the rest imports it
from simple_db.api import Database
from simple_db.glance import data_directory, stopping
from simple_db.glance.amended import amended
from simple_db.glance.app import THIS_MACHINE, Site, finish_tasks, glance_app
from simple_db.glance.cache_node import ServerDriver
from simple_db.glance.connections import bounded_server
from simple_db.glance.driver import oslo_utcnow
from simple_db.glance.guard import Guard, Neighbours, normal_origin
from simple_db.glance.installation import install
from simple_db.glance.lost_data import lost_data, odd_ids
from simple_db.glance.private_directory import private_directory
from simple_db.glance.starting import NewPaths, StartError, owner_only
from simple_db.model.credentials import masked_text
from simple_db.model.errors import Invalid, SnapshotError, SnapshotInUse
from simple_db.model.wording import in_options
from simple_db.snapshot import MAX_BYTES, no_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from simple_db.persistence.database_file import DatabaseFile, Opened, SaveMode

__all__ = ["Settings", "StartError", "Started", "serve"]

LOG = logging.getLogger(__name__)


@frozen(kw_only=True)
class Settings:
    """The settings of `serve`.

    Attributes:
        host: a name or address of this machine to listen on.
        port: a TCP port; 0 is any free one.
        snapshot: the absolute path of the file of the records; it is created if need be.
        data_dir: the absolute path of the directory of the image data; likewise.
        allow_remote: whether `host` may be reached from other machines.
        save: when the records are saved, as `Database.open` has it.
        save_interval: seconds between two saves while records change.
        threads: how many requests are answered at the same time.
        download_from: names and addresses of the hosts that images may be imported from, on any
            port. If empty, this machine only; or, with `allow_remote`, ports 80 and 443 of every
            host but this machine.
        allow_hosts: names, besides `host` and those of loopback, by which clients reach the
            server.
        allow_origins: origins, as ``http://localhost:3000``, whose web pages may do what any
            client may.
        max_bytes: the number of bytes that the snapshot may have, and its journal.
    """

    host: str
    port: int
    snapshot: Path
    data_dir: Path
    allow_remote: bool = False
    save: SaveMode = "interval"
    save_interval: float = 5
    threads: int = 8
    download_from: tuple[str, ...] = ()
    allow_hosts: tuple[str, ...] = ()
    allow_origins: tuple[str, ...] = ()
    max_bytes: int = MAX_BYTES


@frozen
class Started:
    """A server that is up.

    Attributes:
        url: the URL of its API.
        opened: what was found in the snapshot and its journal.
        database: its records.
        lost: a report, in lines, of the images whose data is not in the data directory, and of
            those whose id cannot be the name of a file.
    """

    url: str
    opened: Opened
    database: Database
    lost: list[str] = Factory(list)


def serve(
    settings: Settings,
    announce: Callable[[Started], None],
    progress: Callable[[int, int], object] = no_progress,
) -> Database:
    """Serve until SIGINT, SIGTERM or SIGHUP comes, and save.

    It must run in the main thread, and only once in a process. The files that it creates are
    readable by their owner only.

    Args:
        settings: where to listen and where the state is.
        announce: called once, when requests are answered.
        progress: called with how many rows of the snapshot are read, and of how many.

    Returns:
        The records, as they were saved.

    Raises:
        StartError: a setting is invalid, the host is not loopback, the port is taken, or the
            snapshot or the data directory cannot be used. Nothing has been changed.
        SystemExit: a signal came before the server was up. Nothing has been changed.
        SimpleDBError: the last save failed.
    """
    with contextlib.ExitStack() as stack:
        stop = stack.enter_context(stopping.Stop())
        new = stack.enter_context(NewPaths())
        stack.callback(stopping.ignore_signals)  # so that all new files are removed
        stack.enter_context(owner_only())
        sources = _sources(settings)
        listener = stack.enter_context(_listener(settings))
        url = url_of(settings.host, listener)
        neighbours = _neighbours(settings, listener)
        private = stack.enter_context(private_directory())
        stack.enter_context(data_directory.claimed(settings.data_dir, new))
        log_to_stderr()
        database = stack.enter_context(_opened(settings, new, progress))
        stack.callback(stopping.ignore_signals)  # so that the records are saved
        stack.enter_context(install(ServerDriver(database)))
        stack.enter_context(amended(listener.getsockname()[1], settings.data_dir))
        site = Site(private, settings.data_dir, url, sources, neighbours.origins)
        app = Guard(glance_app(site), neighbours)
        stack.callback(finish_tasks)
        server = wsgi_server(app, listener, settings.threads)
        lost = lost_data(database, settings.data_dir) + odd_ids(database)
        stop.check()
        new.keep()
        opened = cast("DatabaseFile", database.file).opened
        with contextlib.suppress(SystemExit):
            announce(Started(url, opened, database, lost))
            server.run()
        server.close()
    return database


def wsgi_server(app: WSGIApplication, listener: socket.socket, threads: int) -> Any:
    """Return a server, to be run, that logs one line for each request."""
    return bounded_server(_logged(app), listener, threads)


class RedactingFormatter(logging.Formatter):
    """Formats a record with options for parameters, and masks user, password and query of URLs."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback if there is one."""
        return in_options(masked_text(super().format(record)))


def log_to_stderr() -> None:
    """Log warnings and each request to stderr, with the secrets in URLs masked."""
    handler = logging.StreamHandler()
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    handler.setFormatter(RedactingFormatter(form, datefmt="%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("simple_db").setLevel(logging.INFO)
    # It warns of each store of Glance whose dependencies are not installed.
    logging.getLogger("stevedore").setLevel(logging.CRITICAL)


def _sources(settings: Settings) -> tuple[str, ...]:
    """Return the hosts to download from; none means Glance's own rule."""
    for host in settings.download_from:
        try:
            types.HostAddress()(host)
        except ValueError as error:
            raise StartError(f"host {host!r} to download from is no name or address") from error
    # By default remote clients must not reach services of this machine through the server.
    return settings.download_from or (() if settings.allow_remote else THIS_MACHINE)


def _neighbours(settings: Settings, listener: socket.socket) -> Neighbours:
    try:
        return Neighbours(
            listening=(settings.host, str(listener.getsockname()[0])),
            hosts=settings.allow_hosts,
            origins=tuple(map(normal_origin, settings.allow_origins)),
        )
    except ValueError as error:
        raise StartError(f"a host or origin to allow: {error}") from error


@contextlib.contextmanager
def _listener(settings: Settings) -> Iterator[socket.socket]:
    host, port = settings.host, settings.port
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise StartError(f"host {host!r} is not known: {error.strerror}") from error
    if not settings.allow_remote:
        _check_loopback(host, [str(info[4][0]) for info in infos])
    # A name such as localhost can have addresses of both kinds; most clients try this one first.
    family, _, _, _, address = min(infos, key=lambda info: info[0] != socket.AF_INET)
    try:
        listener = socket.create_server(address, family=family)
    except OSError as error:
        raise StartError(_why_not_listening(host, port, error)) from error
    with listener:
        yield listener


def _check_loopback(host: str, addresses: list[str]) -> None:
    if not all(ipaddress.ip_address(address).is_loopback for address in addresses):
        raise StartError(
            f"host {host!r} can be reached from other machines, and there is no authentication: "
            "whoever reaches the server is its administrator; give --allow-remote if you want that",
        )


def _why_not_listening(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken; choose another --port, or --port 0 for a free one"
    return f"port {port} of {host} cannot be used: {error.strerror}"


@contextlib.contextmanager
def _opened(
    settings: Settings, new: NewPaths, progress: Callable[[int, int], object]
) -> Iterator[Database]:
    """Give the database of the snapshot, and save it there."""
    snapshot = settings.snapshot
    with contextlib.ExitStack() as stack:
        try:
            new.directory(snapshot.parent)
            new.file(snapshot)
            database = stack.enter_context(
                Database.open(
                    snapshot,
                    save=settings.save,
                    interval=settings.save_interval,
                    max_bytes=settings.max_bytes,
                    progress=progress,
                    clock=oslo_utcnow,
                )
            )
        except (SnapshotInUse, Invalid) as error:
            raise StartError(str(error)) from error
        except (SnapshotError, OSError) as error:
            raise StartError(
                f"snapshot {snapshot} cannot be used, and is left as it is: {error}"
            ) from error
        yield database


def url_of(host: str, listener: socket.socket) -> str:
    """Return the URL by which clients on this machine reach the listening socket."""
    # A wildcard address is none to connect to.
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound here
    port = listener.getsockname()[1]
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _logged(app: WSGIApplication) -> WSGIApplication:
    """Return the application with one line in the log for each request: no query, no header."""

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        began = time.monotonic()
        method, path = environ["REQUEST_METHOD"], urllib.parse.quote(environ["PATH_INFO"])

        def start(status: str, *rest: object) -> Callable[[bytes], object]:
            took = (time.monotonic() - began) * 1000
            LOG.info("%s %s %s %.0f ms", method, path, status.split(" ", 1)[0], took)
            return start_response(status, *rest)  # type: ignore[arg-type] # as it came

        return app(environ, start)

    return call
