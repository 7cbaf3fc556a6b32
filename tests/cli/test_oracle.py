"""The command line, from the options to the exit code."""

from __future__ import annotations

import errno
import json
import logging
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from simple_db import Database
from simple_db.cli import commands
from simple_db.installed import distribution
from simple_db.oracle import command
from simple_db.oracle.faults import FAULTS
from simple_db.oracle.findings.search import Findings, search
from simple_db.oracle.programs.strategies import OPS
from simple_db.oracle.races.search import RaceFindings
from simple_db.oracle.report import progress as progress_module
from simple_db.oracle.report.progress import progress
from simple_db.oracle.request import Request
from simple_db.oracle.targets.target import DriverTarget
from tests.support.broken import a_violation
from tests.support.command_line import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

Captured = pytest.CaptureFixture[str]

IMAGES = ("--ops", "images")
PROGRAMS = 60


class Agreeing(Database):
    """The reference, as somebody's driver."""


class Lax(Database):
    """Restores any image, and changes nothing."""

    def image_restore(self, context: Any, image_id: str) -> None:
        """Do nothing."""


@pytest.fixture(autouse=True)
def module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[types.ModuleType]:
    """Change to an empty directory, and make a module with both drivers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    made = types.ModuleType("somebodys")
    vars(made).update(agreeing=Agreeing(), lax=Lax(), make_lax=Lax)
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


@pytest.fixture(autouse=True)
def _few_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the same number of programs on every machine, however long that takes."""

    def few(*args: Any, **options: Any) -> Findings:
        return search(*args, **options | {"limit": PROGRAMS, "budget": 600.0})

    monkeypatch.setattr("simple_db.oracle.run.search", few)


def run(*arguments: object) -> int:
    return commands.run(["oracle", *map(str, arguments)])


def document() -> Any:
    return json.loads(Path("a.json").read_text())


# --- reports and exit codes ----------------------------------------------------------------------


def test_a_target_that_diverges_has_the_code_1_and_its_files_say_why(capsys: Captured) -> None:
    files = ("--emit", "out", "--json", "a.json", "--junit", "a.xml")
    assert run("somebodys:lax", *IMAGES, *files) == 1

    text, paths = capsys.readouterr().out, list(Path("out").iterdir())
    words = " ".join(text.split())
    assert "image_restore raises ImageNotFound" in words
    assert "somebodys:lax differs from the reference: " in words
    assert f"{len(paths)} of them, run here, passed on the reference" in words
    assert [line for line in text.splitlines() if line.endswith(" ")] == []
    assert any("image_restore" in path.name for path in paths)
    assert document()["agrees"] is False
    assert Path("a.xml").read_text().startswith("<?xml")


def test_known_divergences_are_passed_over(capsys: Captured) -> None:
    run("somebodys:lax", *IMAGES, "--json", "a.json")
    lines = "\n".join(f"  {json.dumps(one['fingerprint'])}," for one in document()["divergences"])
    Path("known.toml").write_text(
        f'[[divergence]]\nfingerprints = [\n{lines}\n]\nkind = "accepted"\nreason = "so it is"\n'
    )
    capsys.readouterr()

    assert run("somebodys:lax", *IMAGES, "--known", "known.toml") == 0
    assert "so it is" in capsys.readouterr().out


@pytest.mark.glance
def test_known_differences_from_the_sql_driver_are_passed_over_by_default(capsys: Captured) -> None:
    pytest.importorskip("glance", reason="the SQL driver is Glance's")
    assert run("glance.db.sqlalchemy.api", "--ops", "images,tags") == 0
    assert "the driver leaves it to the database" in " ".join(capsys.readouterr().out.split())


def test_a_target_that_agrees_has_the_code_0_in_a_file_and_on_a_terminal(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("somebodys:agreeing", *IMAGES) == 0
    text = capsys.readouterr().out
    assert text.startswith("What was called\n")
    assert text.endswith("somebodys:agreeing agrees with the reference.\n")

    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert run("somebodys:agreeing", *IMAGES) == 0
    assert "\x1b[1;32m" in capsys.readouterr().out


def test_the_same_seed_makes_the_same_programs() -> None:
    found = []
    for seed in (3, 3, 4):
        run("somebodys:lax", *IMAGES, "--seed", seed, "--json", "a.json")
        found.append([document()["calls"], document()["divergences"][0]["program"]])
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    ("target", "code"),
    [(["mine_alone:driver"], 0), (["mine_alone", "--setup", "somebodys:make_lax"], 1)],
)
def test_a_module_of_the_working_directory_or_a_set_up_has_the_driver(
    target: list[str], code: int
) -> None:
    Path("mine_alone.py").write_text("from simple_db import Database\ndriver = Database()\n")
    assert run(*target, *IMAGES) == code


def test_an_interrupted_search_reports_what_it_found(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    call = DriverTarget.call_with

    def interrupted(self: DriverTarget, function: str, *given: Any) -> Any:
        calls.append(function)
        if len(calls) > 500:
            raise KeyboardInterrupt
        return call(self, function, *given)

    monkeypatch.setattr(DriverTarget, "call_with", interrupted)

    assert run("somebodys:agreeing", *IMAGES) == 0
    assert "agrees with the reference" in capsys.readouterr().out
    assert logging.root.manager.disable == 0


def test_threads_race(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simple_db.oracle.run.HISTORIES", 5)
    assert run("somebodys:agreeing", *IMAGES, "--threads", 2) == 0
    assert "5 histories of threads, 0 that no order of calls explains." in capsys.readouterr().out


def test_a_race_is_emitted_if_it_takes_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    found = RaceFindings(1, (a_violation(), a_violation(in_turn=True)))
    monkeypatch.setattr("simple_db.oracle.races.search.search", lambda *_, **__: found)

    assert run("somebodys:agreeing", *IMAGES, "--threads", 2, "--emit", "out") == 1
    assert [path.name for path in Path("out").iterdir()] == ["test_race_of_image_create.py"]


@pytest.mark.parametrize(("budget", "code"), [("20s", 0), ("0.000001", 1)])
def test_the_self_test_fails_unless_it_finds_the_faults(
    budget: str, code: int, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "FAULTS", FAULTS[:2])
    assert run("--self-test", "--budget", budget) == code
    assert f"{0 if code else 2} of 2 faults found" in capsys.readouterr().out


# --- what it refuses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "give either a TARGET or --self-test"),
        (("somebodys:lax", "--self-test"), "give either a TARGET or --self-test"),
        (("no_such_module",), "cannot import no_such_module"),
        (("somebodys",), "has no function `reset`"),
        (("somebodys:lax", "--setup", "somebodys:nothing"), "cannot import somebodys:nothing"),
        (("somebodys:lax", "--ops", "images,cats"), "not 'cats'"),
        (("somebodys:lax", "--budget", "soon"), "'soon' is not a time; write 90s, 2m or 1h"),
        (("somebodys:lax", "--budget", "0"), "--budget"),
        (("somebodys:lax", "--threads", "1"), "--threads"),
        (("somebodys:lax", "--seed", "x"), "--seed"),
        (("somebodys:lax", "--known", "missing.toml"), "cannot read missing.toml"),
        (("somebodys:lax", "--known", "bad.toml"), "must have fingerprints"),
    ],
)
def test_what_cannot_run_is_refused_in_one_line(
    arguments: tuple[str, ...], named: str, capsys: Captured
) -> None:
    Path("bad.toml").write_text("[[divergence]]\n")
    assert named in refused(capsys, "oracle", *arguments)


def test_a_budget_that_is_too_short_for_a_program_is_refused(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simple_db.oracle.run.search", search)
    assert "give it more time" in refused(
        capsys, "oracle", "somebodys:agreeing", "--budget", "0.001"
    )


@pytest.mark.parametrize("option", ["--json", "--junit", "--emit"])
def test_a_file_that_cannot_be_written_is_refused_before_the_search(
    option: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("simple_db.oracle.run.search")
    Path("a-file").touch()

    named = f"{option} a-file/below cannot be written: "
    assert named in refused(capsys, "oracle", "somebodys:lax", option, "a-file/below")


@pytest.mark.parametrize("option", ["--json", "--junit", "--emit"])
def test_the_report_is_shown_even_if_a_file_cannot_be_written_after_the_search(
    option: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", fail)

    assert run("somebodys:lax", *IMAGES, option, "report") == 2
    printed = capsys.readouterr()
    assert "somebodys:lax differs from the reference: " in " ".join(printed.out.split())
    assert "No space left on device" in printed.err


def test_the_extra_is_named_if_it_is_missing(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [one for one in sys.modules if one.startswith("simple_db.oracle.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("simple_db.oracle.command")
    monkeypatch.setitem(sys.modules, "hypothesis", None)

    assert distribution.needs("oracle", "oracle") in refused(capsys, "oracle", "somebodys:lax")


# --- options -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "url", "database"),
    [
        ("mydriver", None, None),
        ("glance.db.sqlalchemy.api", None, "sqlite"),
        ("glance.db.sqlalchemy.api", "postgresql+psycopg2://me@h/x", "postgresql"),
    ],
)
def test_the_kind_of_database_is_that_of_the_url(
    target: str, url: str | None, database: str | None
) -> None:
    assert Request(target, url=url).database == database


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("1.5m", 90), ("2m", 120), ("1h", 3600)]
)
def test_the_options_become_a_request(
    text: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[Request] = []

    def note(request: Request) -> int:
        requests.append(request)
        return 0

    monkeypatch.setattr(command, "compare", note)
    run("somebodys:lax", "--budget", text, "--ops", "tags, images", "--emit", "out", "--seed", 5)

    assert requests == [
        Request("somebodys:lax", ops="images,tags", budget=seconds, emit=Path("out"), seed=5)
    ]


def test_the_help_teaches_with_examples_and_names_all_parts(capsys: Captured) -> None:
    assert run("--help") == 0

    text = " ".join(capsys.readouterr().out.split())
    assert "simple-db oracle glance.db.simple.api" in text
    assert "Exit code: 0 the two agree, 1 they do not, 2 it could not run." in text
    assert ", ".join(OPS) in text


# --- progress ------------------------------------------------------------------------------------


def test_progress_is_a_line_now_and_then_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    console = Console(width=80)
    with console.capture() as captured, progress("Comparing", 10, console) as say:
        say(1, "one")
        monkeypatch.setattr(progress_module, "A_WHILE", 0)
        say(2, "two")
    assert captured.get() == "Comparing: two\n"


def test_progress_is_a_bar_on_a_terminal_that_goes_away() -> None:
    console = Console(width=80, force_terminal=True)
    with console.capture() as captured, progress("Comparing", 10, console) as say:
        say(1, "one program")

    assert "Comparing: one program" in captured.get()
    assert captured.get().endswith("\x1b[2K")
