import errno
import logging
import os
import platform
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

import simple_db
from simple_db import Database, RequestContext
from simple_db.cli import commands
from simple_db.cli import main as cli
from simple_db.glance import data_directory, server
from simple_db.glance.starting import NewPaths
from simple_db.installed import distribution
from simple_db.model import errors
from simple_db.persistence.database_file import Opened

pytestmark = pytest.mark.glance

Captured = pytest.CaptureFixture[str]
ADMIN = RequestContext(is_admin=True)


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(capsys: Captured, *arguments: str) -> str:
    """Return the one line that a command line is refused with; nothing else is printed."""
    assert commands.run(list(arguments)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("simple-db: ")
    assert printed.err.count("\n") == 1
    return printed.err


@pytest.mark.parametrize("arguments", [["--version"], ["--version", "serve"]])
@pytest.mark.parametrize("problems", [[], ["one", "two"]])
def test_the_version_is_shown_with_the_place_and_with_what_is_wrong_there(
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    problems: list[str],
) -> None:
    monkeypatch.setattr(distribution, "problems", lambda: problems)
    monkeypatch.setattr(sys, "argv", ["simple-db", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    place = Path(simple_db.__file__).parent
    shown = f"glance-simple-db {simple_db.__version__} from {place} (Python "
    printed = capsys.readouterr()
    assert not stopped.value.code
    assert printed.out == f"{shown}{platform.python_version()})\n"
    assert printed.err == "".join(f"simple-db: warning: {problem}\n" for problem in problems)


def every_command(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        yield command
        if isinstance(command, click.Group):
            yield from every_command(command)


def test_what_cannot_be_read_is_told_by_who_reads_it_and_not_by_its_argument() -> None:
    paths = [
        (command.name, parameter.name)
        for command in every_command(commands.main)
        for parameter in command.params
        if isinstance(parameter.type, click.Path) and parameter.type.readable
    ]

    assert paths == []


@pytest.fixture
def _overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a module of ours be another project's."""
    monkeypatch.setattr(sys, "argv", ["simple-db", "schema"])
    monkeypatch.setitem(sys.modules, "simple_db.cli.oracle", ModuleType("oracle_command"))
    monkeypatch.delitem(sys.modules, "simple_db.cli.commands")
    monkeypatch.delattr(simple_db.cli, "commands")


@pytest.mark.usefixtures("_overwritten")
def test_where_a_file_of_ours_is_overwritten_the_command_says_what_to_do(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distribution, "problems", lambda: ["what to do"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 2
    assert capsys.readouterr().err == "simple-db: warning: what to do\n"


@pytest.mark.usefixtures("_overwritten")
def test_what_cannot_be_imported_for_another_reason_is_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(distribution, "problems", list)
    with pytest.raises(ImportError, match="cannot import name 'oracle'"):
        cli.main()


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_without_a_command_the_commands_are_shown(capsys: Captured, arguments: list[str]) -> None:
    assert commands.run(arguments) == 0
    assert "serve" in capsys.readouterr().out


def test_the_help_of_serve_gives_examples_and_the_form_of_a_token(capsys: Captured) -> None:
    assert commands.run(["serve", "--help"]) == 0
    text = capsys.readouterr().out
    assert "simple-db serve --port 0" in text
    assert "two stores, images (the default) and spare" in " ".join(text.split())
    assert "alice:demo:member" in text


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["levitate"], "levitate"),
        (["serve", "--levitate"], "--levitate"),
        (["serve", "--port", "many"], "--port"),
        (["serve", "--port", "65536"], "--port"),
        (["serve", "--threads", "0"], "--threads"),
        (["serve", "--save-interval", "0"], "--save-interval"),
        (["serve", "--save", "manual"], "--save"),
        (["serve", "--snapshot", "."], "--snapshot"),
        (["serve", "more"], "more"),
    ],
)
def test_a_wrong_argument_is_named_in_one_line(
    capsys: Captured,
    arguments: list[str],
    named: str,
) -> None:
    assert named in refused(capsys, *arguments)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104 - it is refused
def test_a_host_that_others_reach_is_refused_with_the_reason(capsys: Captured, host: str) -> None:
    told = refused(capsys, "serve", "--host", host, "--port", "0")
    assert repr(host) in told
    assert "no authentication" in told
    assert "--allow-remote" in told


def test_a_host_that_others_reach_is_tried_when_it_is_allowed(capsys: Captured) -> None:
    # An address for documentation (RFC 5737): no machine has it.
    told = refused(capsys, "serve", "--host", "192.0.2.1", "--port", "0", "--allow-remote")
    assert "cannot be used" in told


def test_an_unknown_host_is_refused(capsys: Captured) -> None:
    assert "'no host'" in refused(capsys, "serve", "--host", "no host", "--port", "0")


@pytest.mark.parametrize("source", ["two words", "a,b", "[x]", ""])
def test_a_host_to_download_from_that_is_none_is_refused(capsys: Captured, source: str) -> None:
    told = refused(capsys, "serve", "--port", "0", "--download-from", source)
    assert f"host {source!r} to download from is no name or address" in told


def test_a_taken_port_is_refused_and_nothing_is_written(capsys: Captured, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"port {port} of 127.0.0.1 is taken" in refused(capsys, "serve", "--port", port)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"format": "other"}', b"\xff\xfe", b'{"format":"simple_db","version":99}'],
)
def test_an_unreadable_snapshot_is_refused_and_left_as_it_was(
    capsys: Captured,
    tmp_path: Path,
    content: bytes,
) -> None:
    snapshot = tmp_path / "glance.json"
    snapshot.write_bytes(content)
    before = snapshot.stat()
    told = refused(capsys, "serve", "--port", "0")
    assert str(snapshot) in told
    assert "left as it is" in told
    assert snapshot.read_bytes() == content
    assert snapshot.stat().st_mtime_ns == before.st_mtime_ns


def test_a_snapshot_below_a_file_is_refused(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "file" in refused(
        capsys, "serve", "--port", "0", "--snapshot", "file/glance.json", "--data-dir", "data"
    )


def test_a_snapshot_that_could_not_be_saved_is_refused(
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # To the superuser, as whom tests may run, every directory is writable.
    def fail(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("simple_db.persistence.claims._locked", fail)
    told = refused(capsys, "serve", "--port", "0")
    assert "glance.json cannot be claimed: Read-only file system" in told


@pytest.mark.parametrize("save", ["exit", "interval", "always"])
def test_a_snapshot_belongs_to_one_process_at_a_time(
    capsys: Captured, tmp_path: Path, save: str
) -> None:
    with Database.open(tmp_path / "glance.json", save="manual"):
        told = refused(capsys, "serve", "--port", "0", "--save", save)
    assert f"{tmp_path / 'glance.json'} is in use by this process" in told
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_journal_is_refused_and_left_as_it_was(capsys: Captured, tmp_path: Path) -> None:
    Database().save("glance.json")
    journal = tmp_path / "glance.json.journal"
    journal.write_text("no journal\n")
    told = refused(capsys, "serve", "--port", "0")
    assert f"{journal}: line 1 of the journal" in told
    assert "left as it is" in told
    assert journal.read_text() == "no journal\n"


def test_a_data_directory_that_cannot_be_made_is_refused(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = refused(capsys, "serve", "--port", "0", "--data-dir", "file/data")
    assert "data directory" in told


def test_a_data_directory_belongs_to_one_server_at_a_time(capsys: Captured, tmp_path: Path) -> None:
    with data_directory.claimed(tmp_path / "glance-data", NewPaths()):
        assert "in use by another server" in refused(capsys, "serve", "--port", "0")


@pytest.mark.parametrize(
    ("command", "missing", "what", "extra"),
    [
        ("serve", "click", "the command line", "cli"),
        ("schema", "click", "the command line", "cli"),
        ("serve", "simple_db.glance.server", "serve", "server"),
    ],
)
def test_the_extra_that_brings_what_is_missing_is_named(
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    missing: str,
    what: str,
    extra: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["simple-db", command])
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, "simple_db.cli.commands")
    monkeypatch.delattr(simple_db.cli, "commands")
    monkeypatch.delattr(simple_db.glance, "server")
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 2
    how = distribution.how_to_install(extra)
    assert f"[{extra}]" in how
    assert capsys.readouterr().err == f"simple-db: {what} needs the {extra} extra: {how}\n"


def test_the_exit_code_of_a_command_is_that_of_the_process(
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["simple-db", "--help"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "simple-db: stopped\n"),
        (SystemExit(143), 143, "simple-db: stopped\n"),
        (errors.SnapshotError("disk\nfull"), 1, "is not saved: disk full\n"),
        (server.StartError("no, because"), 2, "simple-db: no, because\n"),
    ],
)
def test_an_end_that_is_not_as_wished_is_told_in_one_line(
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    told: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(server, "serve", fail)
    assert commands.run(["serve"]) == code
    assert capsys.readouterr().err.strip("\n").endswith(told.strip("\n"))


def announced(
    monkeypatch: pytest.MonkeyPatch, *arguments: str, opened: Opened | None = None
) -> None:
    """Run ``serve`` with a server that is up at once and stopped at once."""

    def serve(_: server.Settings, announce: Any, progress: Any) -> Database:
        database = Database()
        database.image_create(ADMIN, {"status": "queued", "properties": {"a": "1", "b": "2"}})
        progress(0, 3)
        announce(server.Started("http://127.0.0.1:1", opened or Opened(fresh=True), database))
        return database

    monkeypatch.setattr(server, "serve", serve)
    assert commands.run(["serve", *arguments]) == 0


def test_the_address_the_places_and_three_commands_are_printed(
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    announced(monkeypatch, "--snapshot", "dev/state.json")
    printed = capsys.readouterr().out
    assert "http://127.0.0.1:1 " in printed
    assert str(tmp_path / "dev" / "state.json") in printed
    assert str(tmp_path / "dev" / "state-data") in printed
    assert "no such file" in printed
    assert re.search(rf"metadefs load \S+ --snapshot {tmp_path / 'dev' / 'state.json'}\n", printed)
    assert printed.count("image ") >= 3
    assert printed.endswith(
        f"\nStopped; saved in {tmp_path / 'dev' / 'state.json'}: 1 images, 2 properties\n"
    )


@pytest.mark.parametrize(
    ("opened", "told"),
    [
        (Opened(fresh=True), "new: there was no such file"),
        (Opened(fresh=False, version=2), "loaded: 1 images, 2 properties"),
        (
            Opened(fresh=False, calls=3, version=2),
            "loaded: 1 images, 2 properties; the last 3 calls from its journal",
        ),
        (
            Opened(fresh=False, torn=9, version=2),
            "loaded: 1 images, 2 properties; its last call was not written to the end and is left out",
        ),
    ],
)
def test_what_was_loaded_is_told(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, opened: Opened, told: str
) -> None:
    announced(monkeypatch, opened=opened)
    assert f"\n              {told}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "at the stop, and every 5 s if changed"),
        (["--save-interval", "0.5"], "at the stop, and every 0.5 s if changed"),
        (["--save", "exit"], "at the stop"),
        (["--save", "always"], "with every change, before its request is answered"),
    ],
)
def test_when_it_is_saved_is_told(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    announced(monkeypatch, *arguments)
    assert f"\n              saved {told}\n" in capsys.readouterr().out


def test_a_big_snapshot_is_loaded_with_progress_on_a_terminal_until_the_server_is_up(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "glance.json").write_bytes(b" " * 10_000_000)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    announced(monkeypatch)
    printed = capsys.readouterr()
    assert "Reading glance.json" in printed.err
    assert "Reading" not in printed.out


def test_paths_are_short_where_the_environment_is_in_the_working_directory(
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "openstack").touch()
    (tmp_path / "README.md").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python"))
    announced(monkeypatch)
    printed = capsys.readouterr().out
    assert "\n  .venv/bin/openstack --os-auth-type none" in printed
    assert "--file README.md hello\n" in printed


@pytest.mark.parametrize("on_the_path", [True, False])
def test_without_a_client_in_the_environment_its_plain_name_is_printed_or_its_package_too(
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    on_the_path: bool,
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    if on_the_path:
        (tmp_path / "openstack").touch(0o700)
    announced(monkeypatch)
    printed = capsys.readouterr().out
    assert "\n  openstack --os-auth-type none" in printed
    assert ("package python-openstackclient" in printed) is not on_the_path


@pytest.mark.parametrize(("no_color", "styled"), [(None, True), ("1", False)])
def test_no_color_is_respected(
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    no_color: str | None,
    styled: bool,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    announced(monkeypatch)
    assert ("\x1b[1m" in capsys.readouterr().out) is styled


def test_output_that_is_no_terminal_has_no_style(
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    announced(monkeypatch)
    assert "\x1b" not in capsys.readouterr().out


def test_credentials_in_urls_do_not_reach_the_log() -> None:
    def formatted(message: str, *arguments: str) -> str:
        record = logging.LogRecord("glance", logging.ERROR, "", 0, message, arguments, None)
        return server.RedactingFormatter("%(message)s").format(record)

    url = "swift+https://account%3Auser:secret@keystone.example/v3/container/image"
    assert formatted("cannot read %s", url) == (
        "cannot read swift+https://***@keystone.example/v3/container/image"
    )
    assert formatted("'http://user:pa@ss@host/path'") == "'http://***@host/path'"
    assert formatted("get 'https://host/image?sig=secret&x=1', or") == (
        "get 'https://host/image?sig=***&x=***', or"
    )
    assert formatted("file:///images/1 a@b") == "file:///images/1 a@b"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:"),
        ("localhost", "http://localhost:"),
        ("0.0.0.0", "http://127.0.0.1:"),  # noqa: S104 - nothing is bound to it
        ("::1", "http://[::1]:"),
        ("::", "http://[::1]:"),
    ],
)
def test_the_printed_address_is_one_to_connect_to(host: str, url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert server.url_of(host, listener) == f"{url}{port}"
