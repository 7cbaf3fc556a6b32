"""Command lines in the tests' own process, and every command that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from simple_db.cli import commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    Captured = pytest.CaptureFixture[str]


def said(capsys: Captured, *arguments: str, code: int = 0) -> str:
    """Return what a command line prints on stdout; it prints nothing on stderr."""
    assert commands.run(list(arguments)) == code
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def refused(capsys: Captured, *arguments: str, code: int = 2) -> str:
    """Return the one line that a command line is refused with; nothing else is printed."""
    assert commands.run(list(arguments)) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("simple-db: ")
    assert printed.err.count("\n") == 1
    return printed.err


def every_command(
    command: click.Command = commands.main, before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Give each command that is no group, with the words that name it."""
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            yield from every_command(one, (*before, name))
    else:
        yield before, command


COMMANDS = dict(every_command())
