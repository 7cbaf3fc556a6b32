"""Every command: its help, and how it is refused."""

import sys
from pathlib import Path
from typing import Any

import click
import pytest

from simple_db.cli import commands
from simple_db.cli.metadefs import metadefs
from simple_db.model.errors import SimpleDBError
from tests.support.build import a_database, a_namespace
from tests.support.command_line import COMMANDS, refused, said

Captured = pytest.CaptureFixture[str]

# A URL with a password, the character that starts a terminal's commands, and one that turns the
# direction of writing around.
EVIL = "https://user:secret@host/\x1b[31m\u202ea.json"
SHOWN = r"***@host/\x1b[31m\u202ea.json"

REFUSALS = {
    "serve": [["--port", "0", "--download-from", EVIL], ["--port", "0", "--snapshot", EVIL]],
    "metadefs load": [[EVIL], ["definitions.json", "--snapshot", EVIL]],
    "metadefs unload": [["--snapshot", EVIL]],
    "metadefs export": [["out", "--snapshot", EVIL], [EVIL]],
    "schema": [["--output", EVIL], ["--format", EVIL]],
    "oracle": [[EVIL], ["glance.db.sqlalchemy.api", "--url", EVIL], ["--budget", EVIL]],
    "snapshot check": [[EVIL], ["--max-bytes", EVIL]],
    "snapshot show": [[EVIL], ["glance.json", "--image", EVIL], ["glance.json", "--limit", EVIL]],
    "snapshot diff": [[EVIL, "glance.json"], ["glance.json", EVIL]],
    "snapshot upgrade": [[EVIL], ["--dry-run", EVIL]],
}
LINES = [
    pytest.param([*command.split(), *arguments], id=f"{command}-{number}")
    for command, lines in REFUSALS.items()
    for number, arguments in enumerate([*lines, [f"--{EVIL}"]])
]


def test_a_refusal_of_every_command_is_tried() -> None:
    assert {tuple(command.split()) for command in REFUSALS} == COMMANDS.keys()


@pytest.mark.glance
@pytest.mark.parametrize("line", LINES)
def test_a_refusal_is_one_line_without_secrets_that_no_terminal_obeys(
    capsys: Captured, line: list[str]
) -> None:
    database = a_database()
    a_namespace(database)
    database.save("glance.json")
    Path("definitions.json").write_text('{"namespace": "a"}')
    # Two slashes of a path are one, so that nothing is written under this name by mistake.
    Path("https:").touch()

    assert commands.run(line) in (1, 2)
    printed = capsys.readouterr()
    shown = printed.out + printed.err
    assert shown.count("\n") == 1
    assert "secret" not in shown
    assert not {"\x1b", "\u202e"} & set(shown)
    assert "***@host/" in shown


@pytest.mark.parametrize("error", [SimpleDBError, click.UsageError, click.ClickException])
def test_an_error_of_a_command_is_printed_in_the_words_of_the_command_line(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(**_: Any) -> None:
        raise error(f"{EVIL}\nis too large: give\n a larger max_bytes")

    monkeypatch.setattr(metadefs.commands["unload"], "callback", fail)
    code = 1 if error is click.ClickException else 2

    assert refused(capsys, "metadefs", "unload", code=code) == (
        f"simple-db: https://{SHOWN} is too large: give a larger --max-bytes\n"
    )


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("levitate", "levitate"),
        ("serve --levitate", "--levitate"),
        ("serve --port many", "--port"),
        ("serve --port 65536", "--port"),
        ("serve --threads 0", "--threads"),
        ("serve --save-interval 0", "--save-interval"),
        ("serve --save manual", "--save"),
        ("serve --snapshot .", "--snapshot"),
        ("serve more", "more"),
        ("metadefs levitate", "levitate"),
        ("metadefs load", "PATH"),
        ("metadefs load nowhere", "nowhere"),
        ("metadefs load --prefer-new files", "--merge"),
        ("metadefs load --merge --prefer-new --overwrite files", "exclude"),
        ("metadefs load --snapshot bad.json files", "bad.json"),
        ("metadefs unload", "glance.json"),
        ("metadefs export out", "glance.json"),
        ("metadefs export out --max-bytes 0", "--max-bytes"),
        ("schema --format crayon", "crayon"),
        ("schema --output nowhere/drawing", "nowhere/drawing"),
        ("snapshot levitate", "levitate"),
        ("snapshot check", "FILE"),
        ("snapshot show nowhere.json", "nowhere.json"),
        ("snapshot show good.json --image z", "'z'"),
        ("snapshot show good.json --limit -1", "--limit"),
        ("snapshot diff good.json", "NEW"),
        ("snapshot diff good.json nowhere.json", "nowhere.json"),
        ("snapshot upgrade", "FILE"),
    ],
)
def test_what_is_wrong_with_a_command_line_is_named_and_nothing_is_written(
    capsys: Captured, tmp_path: Path, line: str, named: str
) -> None:
    a_database().save("good.json")
    Path("bad.json").write_text("{}")
    Path("files").mkdir()
    Path("files/a.json").write_text('{"namespace": "a"}')

    assert named in refused(capsys, *line.split())
    assert {path.name for path in tmp_path.iterdir()} == {"good.json", "bad.json", "files"}


@pytest.mark.parametrize(
    ("group", "shown"),
    [
        ("", {*commands.main.commands, "--version"}),
        ("metadefs", {"load", "unload", "export", ".venv/etc/glance/metadefs"}),
        ("snapshot", {"check", "show", "diff", "upgrade", "1f0a"}),
    ],
)
@pytest.mark.parametrize("asked", ["", "--help", "-h"])
def test_the_help_of_a_group_has_its_commands_and_none_of_it_is_cut(
    capsys: Captured, group: str, shown: set[str], asked: str
) -> None:
    text = said(capsys, *group.split(), *asked.split())

    assert shown <= set(text.split())
    cut = [line for line in text.splitlines() if line.endswith("...") and "oracle" not in line]
    assert [line for line in cut if not line.startswith("Usage")] == []


@pytest.mark.parametrize(
    "command", ["serve", "oracle", *map("snapshot {}".format, ("check", "show", "diff", "upgrade"))]
)
def test_the_help_of_a_command_has_examples_of_it(capsys: Captured, command: str) -> None:
    examples = said(capsys, *command.split(), "--help").partition("Examples:\n")[2]
    assert f"simple-db {command} " in examples


def test_the_help_of_serve_has_the_form_of_a_token(capsys: Captured) -> None:
    text = said(capsys, "serve", "--help")
    assert "alice:demo:member     user alice with the role member in project demo" in text
    assert "two stores, images (the default) and spare" in " ".join(text.split())


def test_no_argument_of_a_command_looks_at_a_file() -> None:
    """What cannot be read is named by who reads it, so that one file does not hide the others."""
    looking = [
        (words, parameter.name)
        for words, command in COMMANDS.items()
        for parameter in command.params
        if isinstance(parameter.type, click.Path) and parameter.type.readable
    ]
    assert looking == []


@pytest.mark.parametrize(("no_color", "coloured"), [(None, None), ("1", False), ("", False)])
def test_no_color_is_respected_by_every_command(
    monkeypatch: pytest.MonkeyPatch, no_color: str | None, coloured: bool | None
) -> None:
    def note(**_: Any) -> None:
        colours.append(click.get_current_context().find_root().color)

    colours: list[bool | None] = []
    monkeypatch.setattr(metadefs.commands["unload"], "callback", note)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)

    assert commands.run(["metadefs", "unload"]) == 0
    assert colours == [coloured]


def test_the_program_is_named_in_its_usage_as_it_was_called(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["simple-db"])
    assert commands.run([], program="python -m simple_db") == 0
    assert capsys.readouterr().out.startswith("Usage: python -m simple_db ")
