import importlib
import platform
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import simple_db
from simple_db.cli import commands as _commands  # noqa: F401 - it is imported again
from simple_db.cli import main as cli
from simple_db.installed import distribution
from tests.support.pages import PROJECT

Captured = pytest.CaptureFixture[str]


def code_of(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """Run the console script and return the exit code of the process."""
    monkeypatch.setattr(sys, "argv", ["simple-db", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return stopped.value.code


def not_imported_yet(monkeypatch: pytest.MonkeyPatch, package: ModuleType, name: str) -> None:
    """Let a module of a package be imported once more, until the test is over."""
    monkeypatch.delitem(sys.modules, f"{package.__name__}.{name}")
    monkeypatch.delattr(package, name)


@pytest.mark.parametrize("arguments", [["--version"], ["--version", "serve"]])
@pytest.mark.parametrize("problems", [[], ["one", "two"]])
def test_the_version_is_shown_with_the_place_and_with_what_is_wrong_there(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, arguments: list[str], problems: list[str]
) -> None:
    monkeypatch.setattr(distribution, "problems", lambda: problems)
    place = Path(simple_db.__file__).parent
    shown = f"glance-simple-db {simple_db.__version__} from {place} (Python "

    assert not code_of(monkeypatch, *arguments)
    printed = capsys.readouterr()
    assert printed.out == f"{shown}{platform.python_version()})\n"
    assert printed.err == "".join(f"simple-db: warning: {problem}\n" for problem in problems)


@pytest.fixture
def _overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a module of ours be another project's."""
    monkeypatch.setattr(sys, "argv", ["simple-db", "schema"])
    monkeypatch.setitem(sys.modules, "simple_db.cli.oracle", ModuleType("another"))
    not_imported_yet(monkeypatch, simple_db.cli, "commands")


@pytest.mark.usefixtures("_overwritten")
def test_where_a_file_of_ours_is_overwritten_the_command_says_what_to_do(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distribution, "problems", lambda: ["what to do"])
    assert code_of(monkeypatch, "schema") == 2
    assert capsys.readouterr().err == "simple-db: warning: what to do\n"


@pytest.mark.usefixtures("_overwritten")
def test_an_import_that_fails_for_another_reason_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribution, "problems", list)
    with pytest.raises(ImportError, match="cannot import name 'oracle'"):
        cli.main()


@pytest.mark.glance
@pytest.mark.parametrize(
    ("command", "missing", "what", "extra"),
    [
        ("serve", "click", "the command line", "cli"),
        ("schema", "click", "the command line", "cli"),
        ("serve", "simple_db.glance.server", "serve", "server"),
    ],
)
def test_the_extra_that_has_what_is_missing_is_named(
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    missing: str,
    what: str,
    extra: str,
) -> None:
    importlib.import_module("simple_db.glance.server")
    not_imported_yet(monkeypatch, simple_db.cli, "commands")
    not_imported_yet(monkeypatch, simple_db.glance, "server")
    monkeypatch.setitem(sys.modules, missing, None)

    assert code_of(monkeypatch, command) == 2
    how = distribution.how_to_install(extra)
    assert f"[{extra}]" in how
    assert capsys.readouterr().err == f"simple-db: {what} needs the {extra} extra: {how}\n"


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["levitate"], 2)])
def test_the_exit_code_of_a_command_is_that_of_the_process(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int
) -> None:
    assert code_of(monkeypatch, *arguments) == code


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["schema"], ["snapshot"]])
def test_output_that_cannot_be_written_is_an_error_in_one_line(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "simple_db", *arguments],
            check=False,
            cwd=PROJECT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )

    assert done.returncode == 2
    assert done.stderr == "simple-db: the output cannot be written: No space left on device\n"


def test_a_command_whose_output_is_closed_does_its_work() -> None:
    golden = str(PROJECT / "tests" / "golden" / "2.json")
    command = [sys.executable, "-m", "simple_db", "snapshot", "check", golden]
    done = subprocess.run(  # noqa: S603 - our own command
        ["/bin/sh", "-c", f"{shlex.join(command)} >&-"],
        check=False,
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")
