"""The pytest plugin of simple_db: fixtures for tests of code that uses Glance or its database.

========================  ======================================================================
fixture `glance_db`       an empty `simple_db.Database` of the test's own
fixture `glance_db_api`   the same database as Glance's ``db_api``, installed into Glance's code
fixture `glance_server`   a live Glance API on a free port of 127.0.0.1, empty when a test begins
marker `glance_snapshot`  fills those of the three that a test uses from a snapshot file
========================  ======================================================================

pytest finds the plugin where simple_db is installed. It imports Glance when a fixture needs it:
`glance_db` works without Glance, the others fail and say what to install. They do not skip the
test, which would hide that it has not run.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import stat
import subprocess
import sys
import sysconfig
import warnings
from multiprocessing import Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

try:
    import pytest
except ModuleNotFoundError as error:
    if error.name != "pytest":
        raise
    raise ModuleNotFoundError(
        f"{__name__} needs pytest, which is not installed: pip install pytest", name="pytest"
    ) from None

from simple_db import Database
from simple_db.installed import distribution, glance_release
from simple_db.model.clock import utcnow
from simple_db.model.errors import SnapshotError
from simple_db.persistence import files

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator
    from multiprocessing.connection import Connection

    from simple_db.glance import Driver

__all__ = ["GlanceServer", "glance_db", "glance_db_api", "glance_server"]

_MARKER = "glance_snapshot"
_PATIENCE = 60
"""Seconds in which the server starts, or answers a request for its state."""

_SEEDS = pytest.StashKey[dict[Path, Database]]()
_IS_READ = pytest.StashKey[bool]()

_PATHS = (str, bytes, os.PathLike)
_READERS = ("glance_db", "glance_db_api", "glance_server")

_SERVER = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from simple_db.installed.glance_release import GlanceLacksError
try:
    from simple_db.glance.under_test import main
except GlanceLacksError as error:
    sys.exit(f"simple_db: {error}")
main(*sys.argv[2:])
"""


class GlanceServer:
    """A live Glance API in a process of its own, for the tests of one session.

    It is Glance's own application on a `simple_db.Database`, with two stores of files, ``images``
    and ``spare``, the import methods web-download (from this machine), glance-direct and
    copy-image, and a cache. The token names the caller: see `token`.

    Attributes:
        url: the URL of the API, as ``http://127.0.0.1:41234``.
        data_dir: where the server keeps the data of images; emptied for every test.
        log: the file with the server's log, one line for each request.
    """

    def __init__(self, directory: Path) -> None:
        self.data_dir = directory / "data"
        self.log = directory / "server.log"
        self._connection, self._process = self._started()
        self._received("start")
        self.url = self._ask("url").decode()

    @staticmethod
    def token(user: str = "admin", project: str = "admin", *roles: str) -> str:
        """Return the ``X-Auth-Token`` of a caller; the server does not check it.

        Args:
            user: the name and id of the user.
            project: the name and id of the project: the owner of what the caller creates.
            roles: some of ``admin``, ``manager``, ``member`` and ``reader``; without any
                ``admin`` for the user of that name, ``member`` for anybody else.

        Raises:
            ValueError: a part is empty or contains a character that separates parts.
        """
        parts = (user, project, *(roles or ("admin" if user == "admin" else "member",)))
        if not all(part and not set(part) & set(":,") for part in parts):
            raise ValueError(f"user, project and roles are names without ':' and ',': {parts}")
        return f"{user}:{project}:{','.join(parts[2:])}"

    def for_glanceclient(self, token: str | None = None) -> dict[str, Any]:
        """Return keyword arguments: ``glanceclient.Client("2", **server.for_glanceclient())``.

        Args:
            token: who calls, from `token`; by default an administrator.
        """
        return {"endpoint": self.url, "token": token or self.token()}

    def for_openstacksdk(self, token: str | None = None) -> dict[str, Any]:
        """Return keyword arguments: ``openstack.connect(**server.for_openstacksdk())``.

        Args:
            token: who calls, from `token`; by default an administrator.
        """
        return {
            "load_envvars": False,
            "load_yaml_config": False,
            "auth_type": "admin_token",
            "auth": {"endpoint": self.url, "token": token or self.token()},
            "image_endpoint_override": self.url,
        }

    def for_environment(self, token: str | None = None) -> dict[str, str]:
        """Return environment variables for the command ``openstack`` and ``openstack.connect()``.

        Add them to the environment; other variables that begin with ``OS_`` may lead a client to
        another server.

        Args:
            token: who calls, from `token`; by default an administrator.
        """
        return {
            "OS_AUTH_TYPE": "admin_token",
            "OS_TOKEN": token or self.token(),
            "OS_ENDPOINT": f"{self.url}/v2",
            "OS_IMAGE_ENDPOINT_OVERRIDE": self.url,
        }

    def reset(self) -> None:
        """Delete all images and their data, after the imports that still run have finished."""
        self._ask("reset")

    def restore(self, snapshot: bytes, data_dir: str | os.PathLike[str] | None = None) -> None:
        """Replace all rows by those of a snapshot, as `simple_db.Database.snapshot` returns it.

        Args:
            snapshot: the rows.
            data_dir: the data directory of a server, which is copied. Without it the download of
                an image is an error, 404.

        Raises:
            SnapshotError: the bytes are no snapshot; the server is empty.
        """
        self._ask("restore", snapshot)
        if data_dir is not None:
            self._ask("copy", os.fsencode(Path(data_dir).absolute()))

    def database(self) -> Database:
        """Return a copy of the server's database as it is now."""
        copy = Database()
        copy.restore(self._ask("snapshot"))
        return copy

    def __repr__(self) -> str:
        """Show the URL of the API."""
        return f"<GlanceServer at {self.url}>"

    def _started(self) -> tuple[Connection[Any, Any], subprocess.Popen[bytes]]:
        ours, theirs = Pipe()
        # -P: Python would put the working directory before its own library.
        command = [sys.executable, "-P", "-W", "ignore", "-c", _SERVER, json.dumps(_paths())]
        with theirs, self.log.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own module
                [*command, str(theirs.fileno()), str(self.data_dir)],
                env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return ours, process

    def _ask(self, word: str, body: bytes = b"") -> bytes:
        try:
            self._connection.send((word, body))
        except OSError as error:
            raise self._lost(word) from error
        well, answer = self._received(word)
        if not well:
            raise SnapshotError(answer.decode())
        return answer

    def _received(self, word: str) -> tuple[bool, bytes]:
        try:
            if self._connection.poll(_PATIENCE):
                well, answer = self._connection.recv()
                return well, answer
        except (EOFError, OSError) as error:
            raise self._lost(word) from error
        self._process.kill()
        raise self._lost(word)

    def _lost(self, word: str) -> RuntimeError:
        """Return the error for a server that has not answered, with the end of its log."""
        self._stop()
        end = self.log.read_text(errors="replace")[-2000:]
        code = self._process.returncode
        return RuntimeError(
            f"the Glance server did not answer to {word!r} and has ended, exit code {code}; "
            f"its log {self.log} ends:\n{end}"
        )

    def _stop(self) -> None:
        """Close the connection, and wait until the process has finished its imports and ended."""
        self._connection.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, for ``pytest --markers`` and ``--strict-markers``."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(path): fill glance_db, glance_db_api and glance_server from this snapshot "
        "file of simple_db, relative to the test's file or to the rootdir; glance_server gets a "
        "copy of the data of its images, NAME-data beside NAME.json",
    )
    config.stash[_SEEDS] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Refuse a marker that no fixture has read, unless the test can request one itself."""
    yield
    if _is_unread(item) and "request" not in _arguments(item):
        _refuse_unread()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Refuse a marker that no fixture has read by the end of the test."""
    yield
    if _is_unread(item):
        _refuse_unread()


def _is_unread(item: pytest.Item) -> bool:
    # The marker of a class or a module is for those of its tests that use a fixture.
    is_marked = any(marker.name == _MARKER for marker in item.own_markers)
    return is_marked and not item.stash.get(_IS_READ, False)


def _arguments(item: pytest.Item) -> Iterable[str]:
    return inspect.signature(item.function).parameters if isinstance(item, pytest.Function) else ()


def _refuse_unread() -> NoReturn:
    _refuse(f" has no effect: the test uses none of {', '.join(_READERS)}")


def _refuse(why: str) -> NoReturn:
    """Fail the test in one line. In an ``except`` clause pytest would show that error, too."""
    pytest.fail(" ".join(f"{_MARKER}{why}".splitlines()), pytrace=False)


@pytest.fixture
def glance_db(request: pytest.FixtureRequest) -> Database:
    """An empty simple_db.Database of the test's own, or what the marker glance_snapshot names.

    Its functions are those of Glance's database API. Where oslo.utils is imported, its clock is
    used, with the time that a test may have set there. To change the clock or the ids, override the
    fixture: one of this name in a test module or conftest.py that returns
    ``Database(clock=..., new_id=...)``. glance_db_api uses it, too.
    """
    path = _seed_path(request)
    return Database(clock=_utcnow) if path is None else _seed(request, path).fork()


@pytest.fixture
def glance_db_api(glance_db: Database) -> Iterator[Driver]:
    """The database of glance_db in place of Glance's SQL driver, until the test ends.

    It is an object with the functions of glance.db.sqlalchemy.api, and raises Glance's exceptions.
    """
    _require("glance_db_api", "glance")
    glance_release.warn(glance_release.untried())
    try:
        with warnings.catch_warnings():
            # Modules that Glance imports warn about changes in later versions of Python.
            warnings.simplefilter("ignore")
            warnings.simplefilter("default", glance_release.UntriedGlanceWarning)
            from simple_db.glance import install  # noqa: PLC0415 - Glance may be missing

            installation = install(glance_db)
    except glance_release.GlanceLacksError as error:
        pytest.fail(f"glance_db_api: {error}", pytrace=False)
    with installation as driver:
        yield driver


@pytest.fixture
def glance_server(
    request: pytest.FixtureRequest,
    _glance_process: GlanceServer,
) -> GlanceServer:
    """A live Glance API on a free port of 127.0.0.1: `url`, settings for clients, its database.

    It starts once in a session, or once in each worker of pytest-xdist. At the beginning of each
    test it is empty, or has the rows of the file that the marker glance_snapshot names.
    """
    path = _seed_path(request)
    if path is None:
        _glance_process.reset()
    else:
        # As `simple-db serve` names it.
        data = path.with_name(f"{path.stem}-data")
        snapshot = _seed(request, path).snapshot()
        status = files.found(data)
        is_there = status is not None and stat.S_ISDIR(status.st_mode)
        _glance_process.restore(snapshot, data if is_there else None)
    return _glance_process


@pytest.fixture(scope="session")
def _glance_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GlanceServer]:
    _require("glance_server", "glance", "waitress")
    glance_release.warn(glance_release.untried())
    server = GlanceServer(tmp_path_factory.mktemp("glance-server"))
    yield server
    server._stop()  # noqa: SLF001 - a test has no reason to


def _utcnow() -> dt.datetime:
    # Looked up at every call: a test may import oslo.utils, or replace the function, at any time.
    oslo = sys.modules.get("oslo_utils.timeutils")
    now: dt.datetime = oslo.utcnow() if oslo else utcnow()
    return now


def _require(fixture: str, *packages: str) -> None:
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if missing:
        pytest.fail(
            f"{fixture} needs {' and '.join(missing)}: {distribution.how_to_install('server')}",
            pytrace=False,
        )


def _paths() -> list[str]:
    """Return the module search path of this process, with Python's library first.

    A file beside the tests may have the name of a module of the library, and would hide it.
    """
    library = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    library |= {str(Path(directory, "lib-dynload")) for directory in library}
    return sorted(sys.path, key=lambda path: path not in library)


def _seed_path(request: pytest.FixtureRequest) -> Path | None:
    """Return the file that the test's marker names, or None."""
    marker = request.node.get_closest_marker(_MARKER)
    if marker is None:
        return None
    request.node.stash[_IS_READ] = True
    name = _named(*marker.args, **marker.kwargs)
    if name is None:
        given = (*marker.args, *(f"{key}={value!r}" for key, value in marker.kwargs.items()))
        _refuse(f" takes the path of one file, not {given}")
    return _found(name, [request.path.parent, request.config.rootpath])


def _named(*args: Any, **kwargs: Any) -> Path | None:
    values = [*args, *kwargs.values()]
    if len(values) != 1 or not kwargs.keys() <= {"path"} or not isinstance(values[0], _PATHS):
        return None
    return Path(os.fsdecode(values[0]))


def _seed(request: pytest.FixtureRequest, path: Path) -> Database:
    """Return the database of a file, which is read once."""
    seeds = request.config.stash[_SEEDS]
    if path not in seeds:
        seeds[path] = _read(path)
    return seeds[path]


def _found(name: Path, directories: list[Path]) -> Path:
    tried = list(dict.fromkeys(directory / name for directory in directories))
    for path in tried:
        if _is_file(path):
            return path
    places = " nor ".join(map(str, tried))
    return _refuse(f": there is no file {places}")


def _is_file(path: Path) -> bool:
    try:
        status = files.found(path)
    except SnapshotError as error:
        problem = str(error)
    else:
        return status is not None and stat.S_ISREG(status.st_mode)
    return _refuse(f": {problem}")


def _read(path: Path) -> Database:
    database = Database(clock=_utcnow)
    try:
        database.load(path)
    except SnapshotError as error:
        problem = str(error)
    else:
        return database
    return _refuse(f": {problem}")
