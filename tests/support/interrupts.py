"""Exceptions at a chosen bytecode instruction, as Ctrl-C or an alarm can raise them.

The instructions are those of the package and of all that it calls in Python's library and others,
but for the module `logging`: an exception within it can leave the lock of a handler taken,
and every other thread that logs then waits for ever.
"""

from __future__ import annotations

import contextlib
import dis
import gc
import os
import random
import sys
from typing import TYPE_CHECKING, Any

from attrs import frozen

from simple_db.model.errors import SimpleDBError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CodeType, FrameType

    from simple_db import Database


class Interrupt(BaseException):
    """An exception that comes from outside of a call, within it."""


@frozen
class Instruction:
    """A bytecode instruction: the code object that it is in, and its offset there."""

    code: CodeType
    offset: int

    def __str__(self) -> str:
        """Name the function and the offset, as a failing test shows them."""
        return f"{self.code.co_filename}:{self.code.co_qualname}+{self.offset}"


# The interpreter looks for a signal or a thrown exception when a function begins or goes on, behind
# a call, and at a jump backward; nowhere else can an exception come from outside.
_LOOKS = ("RESUME", "CALL", "PRECALL", "JUMP_BACKWARD", "YIELD", "SEND")

_NOT_RAISED_IN = ("tests", "logging")


def can_raise(at: Instruction) -> bool:
    """Return whether the interpreter can raise what comes from outside just there."""
    return any(
        found.opname.startswith(_LOOKS)
        for found in dis.get_instructions(at.code)
        if found.offset == at.offset
    )


def attempt(call: Callable[[Database], object], db: Database) -> None:
    """Make a call, whatever error it raises."""
    with contextlib.suppress(SimpleDBError, ZeroDivisionError):
        call(db)


def instructions(call: Callable[[], object]) -> list[Instruction]:
    """Make a call, and give each distinct instruction that it runs, but for the tests' own.

    What runs at the first call only, to fill a cache say, is to have run before.
    """
    found: dict[Instruction, None] = {}

    def note(frame: FrameType) -> None:
        found.setdefault(Instruction(frame.f_code, frame.f_lasti))

    with contextlib.suppress(SimpleDBError, ZeroDivisionError):
        _traced(call, note)
    return list(found)


def interrupt(call: Callable[[], object], at: Instruction) -> None:
    """Make a call, and raise at the instruction, the first time that it is reached.

    Errors of the call itself are passed over.

    Raises:
        AssertionError: it has not come to that instruction.
    """

    def stop() -> None:
        raise Interrupt(str(at))

    with contextlib.suppress(Interrupt, SimpleDBError, ZeroDivisionError):
        meanwhile(call, at, stop)


def meanwhile(call: Callable[[], object], at: Instruction, other: Callable[[], object]) -> object:
    """Make a call, and another one within it: as a signal handler, at this instruction.

    Returns:
        What the call returns.

    Raises:
        AssertionError: it has not come to that instruction.
    """
    reached: list[Instruction] = []

    def see(frame: FrameType) -> None:
        if frame.f_lasti == at.offset and not reached:
            reached.append(at)
            other()

    try:
        return _traced(call, see, at.code)
    finally:
        assert reached, at


def share(found: Sequence[Instruction], few: int) -> list[Instruction]:
    """Give a few of the instructions, chosen by a seed.

    SIMPLE_DB_INTERRUPTS is how many, ``all`` or a number, and SIMPLE_DB_SEED the seed, 0 unless it
    is given.
    """
    wanted = os.environ.get("SIMPLE_DB_INTERRUPTS", str(few))
    number = len(found) if wanted == "all" else min(int(wanted), len(found))
    return random.Random(os.environ.get("SIMPLE_DB_SEED", "0")).sample(found, number)  # noqa: S311 - no secret


def _traced(
    call: Callable[[], object], see: Callable[[FrameType], None], code: CodeType | None = None
) -> object:
    """Make a call, and call `see` before every instruction that this thread runs in it.

    If a code object is given, only before those that are in it.
    """

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if code not in {None, frame.f_code}:
            return None
        if frame.f_globals.get("__name__", "").startswith(_NOT_RAISED_IN):
            return None
        frame.f_trace_opcodes = True
        if event in {"opcode", "call"}:  # a call is the first instruction of a function
            see(frame)  # if it raises, the interpreter raises that in the frame, and traces no more
        return trace

    before = sys.gettrace()
    gc.disable()  # what its callbacks run comes at any time, and is nothing of the call
    sys.settrace(trace)
    try:
        return call()
    finally:
        sys.settrace(before)
        gc.enable()
