"""Exceptions at a chosen bytecode instruction, as Ctrl-C or an alarm can raise them anywhere."""

from __future__ import annotations

import contextlib
import os
import random
import sys
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import CodeType, FrameType


class Interrupt(BaseException):
    """What comes from outside of a call, in the midst of it."""


@frozen
class Instruction:
    """A bytecode instruction: the code object that it is in, and its offset there."""

    code: CodeType
    offset: int

    def __str__(self) -> str:
        """Name the function and the offset, as a failing test shows them."""
        return f"{self.code.co_filename}:{self.code.co_qualname}+{self.offset}"


def instructions(call: Callable[[], object]) -> list[Instruction]:
    """Make a call, and give each distinct instruction of the package that it runs, in order."""
    found: dict[Instruction, None] = {}

    def note(frame: FrameType) -> None:
        found.setdefault(Instruction(frame.f_code, frame.f_lasti))

    with _each_instruction(note), contextlib.suppress(Exception):
        call()
    return list(found)


def interrupt(call: Callable[[], object], at: Instruction) -> bool:
    """Make a call, and raise at the instruction, the first time that it is reached; return whether.

    Errors of the call itself are passed over.
    """
    reached: list[Instruction] = []

    def stop(frame: FrameType) -> None:
        if frame.f_lasti == at.offset and frame.f_code is at.code and not reached:
            reached.append(at)
            raise Interrupt(str(at))

    with contextlib.suppress(Interrupt, Exception), _each_instruction(stop):
        call()
    return bool(reached)


def share(found: Sequence[Instruction], few: int) -> list[Instruction]:
    """Give a few of the instructions, chosen by a seed.

    SIMPLE_DB_INTERRUPTS is how many, ``all`` or a number, and SIMPLE_DB_SEED the seed, 0 unless it
    is given.
    """
    wanted = os.environ.get("SIMPLE_DB_INTERRUPTS", str(few))
    number = len(found) if wanted == "all" else min(int(wanted), len(found))
    return random.Random(os.environ.get("SIMPLE_DB_SEED", "0")).sample(found, number)  # noqa: S311 - no secret


@contextlib.contextmanager
def _each_instruction(see: Callable[[FrameType], None]) -> Iterator[None]:
    """Call `see` before every instruction of the package that this thread runs in the block."""

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_globals.get("__name__", "").startswith("simple_db"):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            see(frame)  # if it raises, the interpreter raises that in the frame, and traces no more
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)
