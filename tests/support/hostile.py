"""Bytes that are made to cost time or memory when they are read, and what they do cost.

    python -m tests.support.hostile [MEGABYTES [NAME...]]

prints the costs of reading each, or those of these names, as ratios to those of a good file of the
same size: processor time, and the peak of the memory of a process that has forked for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from benchmarks.snapshots import memory, seed
from simple_db import Database, snapshot
from simple_db.model.errors import SnapshotError
from simple_db.persistence import journal
from tests.support.build import a_full_database, sealed_bytes

if TYPE_CHECKING:
    import resource
    from collections.abc import Callable, Sequence

MEGABYTE = 1_000_000
_BYTES_OF_AN_IMAGE = 1772


# --- bytes -----------------------------------------------------------------------------------


def only(unit: bytes, before: bytes = b"", after: bytes = b"") -> Callable[[int], bytes]:
    """Give what makes so many bytes of one unit, again and again."""
    return lambda size: before + unit * ((size - len(before + after)) // len(unit)) + after


def a_list_of(item: bytes) -> Callable[[int], bytes]:
    return lambda size: b"[" + (item + b",") * (size // (len(item) + 1)) + item + b"]"


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


BYTES: dict[str, Callable[[int], bytes]] = {
    "quotation marks": only(b'"'),
    "backslashes": only(b"\\"),
    "escaped quotation marks": only(b'\\"'),
    "opened lists": only(b"["),
    "opened lists, a line each": only(b"[\n"),
    "opened objects": only(b"{"),
    "objects in objects": only(b'{"":'),
    "closed lists": only(b"]"),
    "commas": only(b","),
    "newlines": only(b"\n"),
    "blanks": only(b" "),
    "NUL characters": only(b"\0"),
    "no UTF-8": only(b"\xff"),
    "no UTF-8 at the end": only(b"a", b'"', b'\xff"'),
    "a million levels": lambda size: nested(size // 2),
    "a number": only(b"1"),
    "a text": only(b"a", b'"', b'"'),
    "a text of NUL characters": only(b"\\u0000", b'"', b'"'),
    "a text of wide characters": only(b"a", '"\U0001f600'.encode(), b'"'),
    "a text of brackets": only(b"[{", b'"', b'"'),
    "empty lists": a_list_of(b"[]"),
    "empty lists, a line each": a_list_of(b"[]\n"),
    "empty objects": a_list_of(b"{}"),
    "small lists": a_list_of(b"[0]"),
    "small objects": a_list_of(b'{"":0}'),
    "lists in lists": a_list_of(b"[[]]"),
    "lists of a thousand levels": a_list_of(nested(1000)),
    "lists of sixty levels": a_list_of(nested(60)),
    "zeros": a_list_of(b"0"),
    "small numbers": a_list_of(b"-9"),
    "numbers": a_list_of(b"1000"),
    "numbers of three and of four digits": a_list_of(b"100,1000"),
    "fractions": a_list_of(b"1.5"),
    "truths": a_list_of(b"true"),
    "texts of no character": a_list_of(b'""'),
    "texts of one character": a_list_of(b'"a"'),
    "texts of three characters": a_list_of(b'"abc"'),
    "texts of a wide character": a_list_of('"\U0001f600"'.encode()),
    "texts of a bracket": a_list_of(b'"["'),
    "texts of a NUL character": a_list_of(b'"\\u0000"'),
    "one key again and again": only(b'"a":0,', b"{", b'"a":0}'),
    "many keys": lambda size: b"{%b}" % b",".join(b'"%d":0' % n for n in range(size // 12)),
}

FULL = a_full_database().snapshot().partition(b"\n")[2]
META = FULL.partition(b'"meta_data":')[2].partition(b',"status"')[0]


def in_place_of(old: bytes, new: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """Give what makes the payload of a good snapshot, but for one place."""
    assert old in FULL
    return lambda size: FULL.replace(old, new(size), 1)


def within(place: bytes, value: Callable[[int], bytes]) -> Callable[[int], bytes]:
    return lambda size: place % value(size)


PAYLOADS: dict[str, Callable[[int], bytes]] = {
    "rows of no column": in_place_of(b'"images":[\n', only(b"{}\n,", b'"images":[\n')),
    "rows that are lists": in_place_of(b'"images":[\n', only(b"[]\n,", b'"images":[\n')),
    "rows that are numbers": in_place_of(b'"images":[\n', only(b"0,", b'"images":[\n')),
    "a long text in a column": in_place_of(b'"name":null', only(b"[", b'"name":"', b'"')),
    **{
        f"{name} in {where}": in_place_of(old, within(new, BYTES[name]))
        for name in (
            *("empty lists", "small objects", "zeros", "texts of three characters"),
            *("many keys", "a text", "lists of sixty levels"),
        )
        for where, old, new in (
            ("a column of text", b'"name":null', b'"name":%b'),
            ("a column of JSON", b'"meta_data":' + META, b'"meta_data":%b'),
            ("an unknown column", b'"name":null', b'"x":%b,"name":null'),
            ("the counts", b'"counts":{', b'"counts":{"x":%b,'),
        )
    },
}

HEADER = b'{"format":"simple_db","version":%d,'
WRAPPED: dict[str, Callable[[bytes], bytes]] = {
    "": lambda content: content,
    "behind a wrong checksum": lambda content: (
        HEADER % 2 + b'"sha256":"%b",\n' % (b"0" * 64) + content
    ),
    "behind a checksum": sealed_bytes,
    "in format 2 without a checksum": lambda content: HEADER % 2 + b'\n"x":' + content + b"}",
    "in format 1": lambda content: HEADER % 1 + b'\n"x":' + content + b"}",
    "as a key behind a checksum": lambda content: sealed_bytes(b'"x":' + content + b"}"),
}


def wrapped(content: Callable[[int], bytes], where: str) -> Callable[[int], bytes]:
    return lambda size: WRAPPED[where](content(size))


SNAPSHOTS = {
    f"{name} {where}".strip(): wrapped(content, where)
    for name, content in BYTES.items()
    for where in WRAPPED
} | {
    f"{name}, {where}": wrapped(payload, where)
    for name, payload in PAYLOADS.items()
    for where in ("behind a wrong checksum", "behind a checksum")
}
"""What makes a hostile snapshot of about so many bytes, by what it is."""

GOOD = a_full_database()
FIRST = b'{"format":"simple_db journal","version":1,"snapshot":"%b"}' % (
    snapshot.decoded(GOOD.snapshot()).checksum.encode()
)


def as_line(content: Callable[[int], bytes], before: bytes, end: bytes) -> Callable[[int], bytes]:
    return lambda size: FIRST + b"\n" + before + content(size) + end


def as_value(content: Callable[[int], bytes], key: str) -> Callable[[int], bytes]:
    """Give what makes a journal with a line that is as it was written, whatever is in it."""

    def make(size: int) -> bytes:
        body = key.encode() + b":" + content(size).replace(b"\n", b" ") + b"}"
        before = hashlib.sha256(FIRST).hexdigest().encode()
        sum_ = hashlib.sha256(before + body).hexdigest().encode()
        return FIRST + b'\n{"sha256":"%b",%b\n' % (sum_, body)

    return make


def as_first_line(content: Callable[[int], bytes]) -> Callable[[int], bytes]:
    return lambda size: content(size) + b"\n"


JOURNALS: dict[str, Callable[[int], bytes]] = {}
"""What makes a hostile journal of `GOOD`, of about so many bytes, by what it is."""
for _name, _content in BYTES.items():
    JOURNALS |= {
        f"a journal of {_name}": _content,
        f"a journal whose first line is {_name}": as_first_line(_content),
        f"a journal of {_name} behind its first line": as_line(_content, b"", b"\n"),
        f"a journal with a torn line of {_name}": as_line(_content, b'{"sha256":"', b""),
        **{
            f"a journal with {_name} behind {key}": as_value(_content, key)
            for key in ('"changes"', '"snapshot"', '"next_ids":{},"changes"', '"x"')
        },
    }


# --- costs -----------------------------------------------------------------------------------


@frozen
class Cost:
    """What a reading takes: seconds of the processor, and bytes of memory at its peak."""

    seconds: float
    memory: int

    def __truediv__(self, other: Cost) -> tuple[float, float]:
        """Return how many times the other each of them is."""
        return self.seconds / other.seconds, self.memory / other.memory


def cost(read: Callable[[], object]) -> Cost:
    """Measure in a process of its own, which has what this one has."""
    before = memory("VmRSS")
    usage = in_a_fork(read)
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 - before)


def in_a_fork(work: Callable[[], object]) -> resource.struct_rusage:
    """Give what a process takes that does this, or is refused it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with contextlib.suppress(SnapshotError):
                work()
            code = 0
        finally:
            os._exit(code)
    _, status, usage = os.wait4(child, 0)
    assert status == 0
    return usage


def good(size: int) -> bytes:
    """Make a good snapshot of about so many bytes, and leave no memory free that others may use."""
    with tempfile.NamedTemporaryFile() as file:
        in_a_fork(lambda: seed(size // _BYTES_OF_AN_IMAGE).save(file.name))
        return Path(file.name).read_bytes()


def restore(content: bytes) -> Callable[[], object]:
    return lambda: Database().restore(content)


def replay(content: bytes) -> Callable[[], object]:
    return lambda: journal.replayed(snapshot.decoded(GOOD.snapshot()), content)


def main(size: int, names: Sequence[str]) -> None:
    """Print what each costs as a ratio to a good snapshot of that size: time, memory, and name."""
    usual = cost(restore(good(size)))
    for made, read in ((SNAPSHOTS, restore), (JOURNALS, replay)):
        for name, make in made.items():
            if name in names or not names:
                seconds, peak = cost(read(make(size))) / usual
                sys.stdout.write(f"{seconds:5.2f} {peak:5.2f}  {name}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) * MEGABYTE if len(sys.argv) > 1 else 60 * MEGABYTE, sys.argv[2:])
