"""What a start of the server changes and leaves, and the signals that end it."""

from __future__ import annotations

import os
import pty
import signal
import sys
import textwrap
import uuid
from typing import TYPE_CHECKING

import pytest

from simple_db import Database, RequestContext
from simple_db.cli import commands
from simple_db.glance import server
from simple_db.glance.private_directory import private_directory
from tests.support.processes import ran
from tests.support.serving import BIN, PROJECT, Server, eventually

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.glance

ROOT = RequestContext(is_admin=True)
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SERVE = [str(BIN / "simple-db"), "serve", "--port", "0"]


def saved(directory: Path) -> Path:
    """Save a snapshot of one image, without any node of a cache."""
    database = Database()
    database.image_create(ROOT, {"status": "queued", "owner": "demo"})
    database.save(directory / "glance.json")
    return directory / "glance.json"


# --- what is changed and left -----------------------------------------------------------------


@pytest.mark.parametrize("save", ["exit", "interval", "always"])
def test_a_start_and_a_stop_change_nothing(tmp_path: Path, save: str) -> None:
    before = saved(tmp_path).read_bytes()
    with Server(tmp_path, "--save", save, "--save-interval", "0.05") as running:
        assert running.json("/v2/images")["images"]
        assert running.stop(signal.SIGTERM) == 0
    assert (tmp_path / "glance.json").read_bytes() == before


def test_staged_files_of_another_snapshot_stay(tmp_path: Path) -> None:
    staged = tmp_path / "glance-data" / "staging" / str(uuid.uuid4())
    staged.parent.mkdir(parents=True)
    staged.write_text("of another snapshot")
    with Server(tmp_path) as running:
        # It would be done by a thread, which ends at once.
        assert running.json("/v2/images") and running.json("/v2/tasks")  # noqa: PT018
        assert running.stop(signal.SIGTERM) == 0
    assert staged.exists()


@pytest.fixture
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")


FAILURES = {
    "no space": (OSError(28, "No space left on device"), None),
    "a broken Glance": (RuntimeError("broken"), None),
    "SIGINT": (SystemExit(130), 130),
    "SIGTERM": (SystemExit(143), 143),
}


@pytest.mark.usefixtures("_in_a_directory_of_its_own")
@pytest.mark.parametrize("save", ["exit", "interval", "always"])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_start_that_fails_at_its_end_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save: str, failure: str
) -> None:
    error, code = FAILURES[failure]

    def fail(*_: object) -> None:
        raise error

    before = [signal.getsignal(number) for number in STOPPING]
    monkeypatch.setattr(server, "glance_app", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    arguments = ["serve", "--port", "0", "--save", save, "--snapshot", "new/deep/glance.json"]
    try:
        if code is None:
            with pytest.raises(type(error)):
                commands.run(arguments)
        else:
            assert commands.run(arguments) == code
    finally:
        for number, handler in zip(STOPPING, before, strict=True):
            signal.signal(number, handler)
    assert {*tmp_path.rglob("*")} == {tmp_path / "cwd"}


@pytest.mark.usefixtures("_in_a_directory_of_its_own")
@pytest.mark.parametrize(
    "arguments",
    [
        ("--host", "192.0.2.1"),
        ("--host", "no host"),
        ("--download-from", "two words"),
        ("--data-dir", "file"),
        ("--data-dir", "file/data"),
        ("--data-dir", "a\nb"),
        ("--data-dir", "x" * 256),
        ("--snapshot", "new/" + "x" * 256),
        ("--snapshot", "file/glance.json"),
        ("--snapshot", "bad.json"),
        ("--snapshot", "damaged.json"),
        ("--snapshot", "damaged.json", "--data-dir", "new/data"),
    ],
)
def test_a_start_that_is_refused_leaves_nothing(
    tmp_path: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "cwd" / "file").touch()
    (tmp_path / "cwd" / "bad.json").write_text("{}")
    saved(tmp_path / "cwd").rename(tmp_path / "cwd" / "damaged.json")
    (tmp_path / "cwd" / "damaged.json.journal").write_text("no journal\n")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert commands.run(["serve", "--port", "0", *arguments]) == 2
    assert {*tmp_path.rglob("*")} == {tmp_path / "cwd", *before}
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_what_a_killed_server_has_left_goes_with_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    with Server(tmp_path, TMPDIR=str(tmp_path / "tmp")) as running:
        (private,) = (tmp_path / "tmp").glob("simple-db-*")
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
        with private_directory():
            assert private.exists()
        assert running.stop(signal.SIGKILL) == -signal.SIGKILL
    assert private.exists()
    with private_directory():
        assert not private.exists()


# --- signals ------------------------------------------------------------------------------------

# Sends a signal to the process itself when it looks for a module.
_SITE = """\
import os
import sys


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == os.environ["AT_MODULE"]:
            sys.meta_path.remove(Finder)
            os.kill(os.getpid(), int(os.environ["SIGNAL"]))


sys.meta_path.insert(0, Finder)
"""


@pytest.mark.parametrize(
    "module", ["simple_db.store", "click", "glance", "waitress.server", "glance.api.v2.router"]
)
def test_an_interrupt_before_the_server_is_up_is_one_line_and_exit_code_130(
    tmp_path: Path, module: str
) -> None:
    for name in ("site", "tmp", "cwd"):
        (tmp_path / name).mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(textwrap.dedent(_SITE))
    done = ran(
        *SERVE,
        cwd=tmp_path / "cwd",
        AT_MODULE=module,
        SIGNAL=str(int(signal.SIGINT)),
        PYTHONPATH=f"{tmp_path / 'site'}{os.pathsep}{PROJECT}",
        TMPDIR=str(tmp_path / "tmp"),
        HOME=str(tmp_path),
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "simple-db: stopped\n")
    assert list((tmp_path / "cwd").iterdir()) == []
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_server_whose_terminal_is_closed_saves_and_ends(tmp_path: Path) -> None:
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - it becomes another program
        os.chdir(tmp_path)
        os.environ |= {"HOME": str(tmp_path), "PYTHONPATH": str(PROJECT)}
        os.execv(SERVE[0], [*SERVE, "--save", "exit"])  # noqa: S606 - our own command
    printed = b""
    while b"image list\r\n" not in printed:
        printed += os.read(terminal, 1000)
    assert not (tmp_path / "glance.json").exists()
    os.close(terminal)
    ended, status = eventually(lambda: os.waitpid(child, os.WNOHANG), lambda found: found[0])
    assert (ended, os.waitstatus_to_exitcode(status)) == (child, 0)
    assert (tmp_path / "glance.json").exists()


_SERVE_ONCE = """
import os, pathlib, signal, sys
from simple_db import RequestContext
from simple_db.glance import server

def announce(started):
    started.database.image_create(RequestContext(is_admin=True), {"status": "queued"})
    started.database.save()
    print(started.database.file.path, len(pathlib.Path("glance.json").read_bytes()))
    os.kill(os.getpid(), signal.SIGTERM)

here = pathlib.Path.cwd()
settings = server.Settings(
    host="127.0.0.1", port=0, snapshot=here / "glance.json", data_dir=here / "data", save="manual"
)
server.serve(settings, announce)
"""


def test_the_database_of_a_server_knows_its_file_and_saves_to_it(tmp_path: Path) -> None:
    done = ran(sys.executable, "-c", _SERVE_ONCE, cwd=tmp_path, HOME=str(tmp_path))
    path = tmp_path / "glance.json"
    assert done.stdout == f"{path} {path.stat().st_size}\n", done.stderr
    database = Database()
    database.load(path)
    assert database.counts()["images"] == 1
