"""Options that several commands have, and those that messages name."""

from __future__ import annotations

import itertools
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from simple_db import Database
from simple_db.cli import commands, options
from simple_db.model.wording import IN_OPTIONS
from tests.support.command_line import COMMANDS
from tests.support.serving import PROJECT

if TYPE_CHECKING:
    import click

Captured = pytest.CaptureFixture[str]

# The parameters of commands that name snapshots.
SNAPSHOTS = {"snapshot", "path", "paths", "old", "new"}


def parameters(command: click.Command) -> dict[str, click.Parameter]:
    return {str(parameter.name): parameter for parameter in command.params}


OF_A_SNAPSHOT = [
    pytest.param(words, marks=[pytest.mark.glance] * (words == ("serve",)), id=" ".join(words))
    for words, command in COMMANDS.items()
    if not SNAPSHOTS.isdisjoint(parameters(command))
]


def test_every_command_that_is_given_no_snapshot_means_the_same_one_and_so_does_make_run() -> None:
    having = [
        parameters(command)["snapshot"]
        for command in COMMANDS.values()
        if "snapshot" in parameters(command)
    ]
    (run,) = re.findall(r"\n\t(.*simple-db serve.*)", (PROJECT / "Makefile").read_text())

    assert len(having) == 4
    assert {one.default for one in having} == {options.SNAPSHOT}
    assert run == "$(BIN)/simple-db serve $(ARGS)"
    assert f"/{options.SNAPSHOT}*\n" in (PROJECT / ".gitignore").read_text()


@pytest.mark.parametrize("words", OF_A_SNAPSHOT)
def test_every_command_that_reads_a_snapshot_has_the_bound_that_its_refusal_names(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "argv", ["simple-db"])
    Database().save("glance.json")
    Path("definitions.json").write_text('{"namespace": "a"}')
    files = {"check": 1, "show": 1, "diff": 2, "upgrade": 1}.get(words[-1], 0)
    given = {"load": ["definitions.json"], "export": ["out"], "serve": ["--port", "0"]}
    arguments = [*words, *["glance.json"] * files, *given.get(words[-1], [])]

    assert commands.run([*arguments, "--max-bytes", "10"]) in (1, 2)
    printed = capsys.readouterr()
    assert "give a larger --max-bytes if it is meant" in printed.out + printed.err


def test_every_option_that_an_error_names_is_there() -> None:
    named = set(itertools.chain(*(re.findall(r"--[a-z-]+", one) for one in IN_OPTIONS.values())))
    there = {name for command in COMMANDS.values() for one in command.params for name in one.opts}
    assert named <= there


SWITCHES = ("--merge", "--prefer-new", "--overwrite")


@pytest.mark.parametrize(
    "switches",
    [chosen for count in range(4) for chosen in itertools.combinations(SWITCHES, count)],
    ids=" ".join,
)
def test_switches_that_do_not_go_together_are_named_as_they_are_typed(
    capsys: Captured, switches: tuple[str, ...]
) -> None:
    Path("definitions.json").write_text('{"namespace": "a"}')
    how = {"--prefer-new", "--overwrite"} & set(switches)
    right = not how or (len(how) == 1 and "--merge" in switches)

    assert commands.run(["metadefs", "load", *switches, "definitions.json"]) == (0 if right else 2)
    shown = capsys.readouterr().err
    assert set(re.findall(r"[\w-]*(?:prefer|overwrite)[\w-]*", shown)) == (
        set() if right else {"--prefer-new", "--overwrite"}
    )
