"""Glance's application on simple_db and on its SQL driver, side by side, as two processes."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from tests.support.serving import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.http.requests import Answer, Request

# "a list of metadata definitions without sort key"
HAVE_NO_ORDER = {"objects", "resource_type_associations", "resource_types"}

BAD_REQUEST = 400
INTERNAL_SERVER_ERROR = 500


class Sides:
    """Both applications."""

    def __init__(self, theirs: Connection, ours: Connection) -> None:
        self._connections = (theirs, ours)

    def reset(self) -> None:
        """Empty both."""
        self._both(None)

    def answers(self, request: Request) -> tuple[Answer, Answer]:
        """Return what the application answers on the SQL driver, and on simple_db."""
        theirs, ours = self._both(request)
        return theirs, ours

    def _both(self, request: Request | None) -> list[Answer]:
        for connection in self._connections:
            connection.send(request)
        return [connection.recv() for connection in self._connections]


@contextlib.contextmanager
def both_sides(directory: Path) -> Iterator[Sides]:
    """Run both applications until the end of the block."""
    with contextlib.ExitStack() as stack:
        theirs, ours = (
            stack.enter_context(_side(name, directory / name)) for name in ("sql", "simple_db")
        )
        yield Sides(theirs, ours)


@contextlib.contextmanager
def _side(name: str, directory: Path) -> Iterator[Connection]:
    directory.mkdir()
    here, there = socket.socketpair()
    command = [sys.executable, "-m", "tests.http.side", name, str(there.fileno()), str(directory)]
    with there:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            cwd=PROJECT,
            # Glance answers the tags of an image as a set has them.
            env=os.environ | {"PYTHONPATH": str(PROJECT), "PYTHONHASHSEED": "0"},
            pass_fds=[there.fileno()],
        )
    with process, Connection(here.detach()) as connection:
        yield connection


def disagreement(request: Request, theirs: Answer, ours: Answer) -> str | None:
    """Return how the answers differ, where they must not."""
    if theirs.status >= INTERNAL_SERVER_ERROR:
        return None  # where the driver leaks, simple_db has an error, or an answer, of its own
    for name, their, our in (
        ("status", theirs.status, ours.status),
        ("headers", theirs.headers, ours.headers),
    ):
        if their != our:
            return f"{name}: {their} on the SQL driver, {our} on simple_db"
    if theirs.status < BAD_REQUEST:
        return None if _ordered(theirs.content) == _ordered(ours.content) else "body"
    facts = request.facts_in(theirs.body.decode())
    return None if is_in_order(facts, request.facts_in(ours.body.decode())) else f"facts: {facts}"


def _ordered(content: Any) -> Any:
    """Return an answer with those lists sorted that have no order on the SQL driver."""
    if isinstance(content, list):
        return [_ordered(part) for part in content]
    if not isinstance(content, dict):
        return content
    ordered = {name: _ordered(part) for name, part in content.items()}
    lists = {name for name in HAVE_NO_ORDER & ordered.keys() if isinstance(ordered[name], list)}
    return ordered | {name: sorted(ordered[name], key=json.dumps) for name in lists}


def is_in_order(some: list[str], among: list[str]) -> bool:
    """Tell whether all of some things are among others, in the same order."""
    left = iter(among)
    return all(thing in left for thing in some)
