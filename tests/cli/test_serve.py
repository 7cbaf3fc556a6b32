import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simple_db import Database, RequestContext
from simple_db.cli import commands
from simple_db.glance import data_directory, server
from simple_db.glance.starting import NewPaths
from simple_db.model import errors
from simple_db.persistence.database_file import Opened
from tests.support.command_line import refused

pytestmark = pytest.mark.glance

Captured = pytest.CaptureFixture[str]
ADMIN = RequestContext(is_admin=True)


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104 - it is refused
def test_a_host_that_others_reach_is_refused_with_the_reason(capsys: Captured, host: str) -> None:
    shown = refused(capsys, "serve", "--host", host, "--port", "0")
    assert repr(host) in shown
    assert "no authentication" in shown
    assert "--allow-remote" in shown


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        # An address for documentation (RFC 5737): no machine has it.
        (["--host", "192.0.2.1", "--allow-remote"], "cannot be used"),
        (["--host", "no host"], "'no host'"),
        *(
            (["--download-from", host], f"host {host!r} to download from is no name or address")
            for host in ("two words", "a,b", "[x]", "")
        ),
        (["--snapshot", "file/glance.json", "--data-dir", "data"], "file"),
        (["--data-dir", "file/data"], "data directory"),
        (["--save-interval", "nan"], "simple-db: --save-interval is a positive number"),
    ],
)
def test_what_a_server_cannot_start_with_is_refused(
    capsys: Captured, tmp_path: Path, arguments: list[str], shown: str
) -> None:
    Path("file").touch()
    assert shown in refused(capsys, "serve", "--port", "0", *arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


NO_SNAPSHOTS = [
    *(b"", b"{", b"[]", b'{"format": "other"}', b"\xff", b'{"format":"simple_db","version":99}'),
]


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        *(("glance.json", content, "") for content in NO_SNAPSHOTS),
        ("glance.json.journal", b"no journal\n", ": line 1 of the journal"),
    ],
)
def test_a_snapshot_or_journal_that_cannot_be_read_is_refused_and_left_as_it_was(
    capsys: Captured, tmp_path: Path, name: str, content: bytes, named: str
) -> None:
    Database().save("glance.json")
    path = tmp_path / name
    path.write_bytes(content)
    before = path.stat()
    shown = refused(capsys, "serve", "--port", "0")

    assert f"{path}{named}" in shown
    assert "left as it is" in shown
    assert path.read_bytes() == content
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_a_snapshot_that_could_not_be_saved_is_refused(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    # To the superuser, as whom tests may run, every directory is writable.
    def fail(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("simple_db.persistence.claims._locked", fail)
    shown = refused(capsys, "serve", "--port", "0")
    assert "glance.json cannot be claimed: Read-only file system" in shown


@pytest.mark.parametrize("save", ["exit", "interval", "always"])
def test_a_snapshot_belongs_to_one_process_at_a_time(
    capsys: Captured, tmp_path: Path, save: str
) -> None:
    with Database.open(tmp_path / "glance.json", save="manual"):
        shown = refused(capsys, "serve", "--port", "0", "--save", save)
    assert f"{tmp_path / 'glance.json'} is in use by this process" in shown
    assert list(tmp_path.iterdir()) == []


def test_a_data_directory_belongs_to_one_server_at_a_time(capsys: Captured, tmp_path: Path) -> None:
    with data_directory.claimed(tmp_path / "glance-data", NewPaths()):
        assert "in use by another server" in refused(capsys, "serve", "--port", "0")


@pytest.mark.parametrize(
    ("error", "code", "shown"),
    [
        (KeyboardInterrupt(), 130, "simple-db: stopped\n"),
        (SystemExit(143), 143, "simple-db: stopped\n"),
        (errors.SnapshotError("disk\nfull"), 1, "is not saved: disk full\n"),
        (server.StartError("no, because"), 2, "simple-db: no, because\n"),
    ],
)
def test_the_reason_why_a_server_ends_is_printed_in_one_line(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, shown: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(server, "serve", fail)
    assert commands.run(["serve"]) == code
    assert capsys.readouterr().err.strip("\n").endswith(shown.strip("\n"))


# --- what is printed -------------------------------------------------------------------------

Announced = Callable[..., Any]

PRINTED = """\
Glance API on http://127.0.0.1:1 (Ctrl-C stops it)
  records     {here}/dev/state.json
              new: there was no such file
              saved at the stop, and every 5 s if changed
  metadefs    once it is stopped: simple-db metadefs load DIRECTORY --snapshot {here}/dev/state.json
  image data  {here}/dev/state-data
  who calls   X-Auth-Token: user:project:role1,role2; without it, an administrator

Try (openstack is in the package python-openstackclient):
  openstack --os-auth-type none --os-endpoint http://127.0.0.1:1 image create {form} --file {file} hello
  openstack --os-auth-type none --os-endpoint http://127.0.0.1:1 image list
  openstack --os-auth-type admin_token --os-token alice:demo:member --os-endpoint http://127.0.0.1:1/v2 image list
Stopped; saved in {here}/dev/state.json: 1 images, 2 properties
"""  # noqa: E501 - lines as they are printed
FORM = "--public --disk-format raw --container-format bare"


@pytest.fixture
def announced(capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Announced:
    """Give a function that runs ``serve`` with a server that is up at once and stopped at once.

    There is no client, neither on the path nor in the environment.
    """

    def printed(*arguments: str, opened: Opened | None = None) -> Any:
        def serve(_: server.Settings, announce: Any, progress: Any) -> Database:
            database = Database()
            database.image_create(ADMIN, {"status": "queued", "properties": {"a": "1", "b": "2"}})
            progress(0, 3)
            announce(server.Started("http://127.0.0.1:1", opened or Opened(fresh=True), database))
            return database

        monkeypatch.setattr(server, "serve", serve)
        assert commands.run(["serve", *arguments]) == 0
        return capsys.readouterr()

    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "usr" / "environment"))
    monkeypatch.setenv("PATH", str(tmp_path))
    return printed


def test_the_address_the_places_and_commands_to_try_are_printed(
    announced: Announced, tmp_path: Path
) -> None:
    Path("README.md").touch()

    printed = announced("--snapshot", "dev/state.json")

    assert printed.out == PRINTED.format(here=tmp_path, form=FORM, file=tmp_path / "README.md")
    assert printed.err == ""


def test_a_path_is_printed_so_that_no_terminal_obeys_it(announced: Announced) -> None:
    printed = announced("--snapshot", "\x1b[2J.json").out
    assert "\x1b" not in printed
    assert printed.count(r"\x1b[2J.json") == 3


LOADED = "loaded: 1 images, 2 properties"
TORN = "; its last call was not written to the end and is left out"


@pytest.mark.parametrize(
    ("arguments", "opened", "shown"),
    [
        ([], Opened(fresh=False, version=2), LOADED),
        (
            [],
            Opened(fresh=False, calls=3, version=2),
            f"{LOADED}; the last 3 calls from its journal",
        ),
        ([], Opened(fresh=False, torn=9, version=2), f"{LOADED}{TORN}"),
        (["--save-interval", "0.5"], None, "saved at the stop, and every 0.5 s if changed"),
        (["--save", "exit"], None, "saved at the stop"),
        (["--save", "always"], None, "saved with every change, before its request is answered"),
    ],
)
def test_what_was_loaded_and_when_it_is_saved_is_printed(
    announced: Announced, arguments: list[str], opened: Opened | None, shown: str
) -> None:
    assert f"\n              {shown}\n" in announced(*arguments, opened=opened).out


def test_paths_are_short_where_the_environment_is_in_the_working_directory(
    announced: Announced, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for path in (".venv/bin/openstack", ".venv/bin/simple-db", ".venv/etc/glance/metadefs/a.json"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
    Path("README.md").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python"))
    printed = announced().out

    assert "\nTry:\n  .venv/bin/openstack --os-auth-type none" in printed
    assert "--file README.md hello\n" in printed
    assert (
        ": .venv/bin/simple-db metadefs load .venv/etc/glance/metadefs --snapshot glance.json\n"
        in printed
    )


def test_of_a_client_on_the_path_the_package_is_not_named(announced: Announced) -> None:
    Path("openstack").touch(0o700)
    assert "\nTry:\n  openstack --os-auth-type none" in announced().out


def test_the_address_is_styled_on_a_terminal_unless_no_color_is_set(
    announced: Announced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "\x1b[1mhttp://127.0.0.1:1\x1b[0m (" in announced().out

    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in announced().out


def test_a_big_snapshot_is_loaded_with_progress_on_a_terminal_until_the_server_is_up(
    announced: Announced, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("glance.json").write_bytes(b" " * 10_000_000)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    printed = announced()

    assert "Reading glance.json" in printed.err
    assert "Reading" not in printed.out
