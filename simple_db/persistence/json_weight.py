"""How much memory JSON takes when it is parsed, estimated before it is.

Three bytes, an empty list and a comma, can take a hundred in memory. A file of millions of them
would take thirty times its size, and the file of a database takes six. So commas, colons and
brackets are counted: first all of them, which is fast and enough for most files, and only if those
are too many, again without the ones within texts.
"""

from __future__ import annotations

import itertools
import re

from simple_db.model.errors import SnapshotError

# In bytes, on the high side: a value, the key of one, an object, a list, and each quotation mark.
_WEIGHTS = {b",": 48, b":": 48, b"{": 208, b"[": 96}
_QUOTE_WEIGHT = 20

_MOST_OF_A_BYTE = 11
_FREE = 2**22

# Possessive, and without a need for the last quotation mark: a text is gone through once, whatever
# is in it.
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_SOME_TEXTS = re.compile(rb'(?:[^"]++|"(?:[^"\\]++|\\.)*+"?){1,20000}+', re.DOTALL)


def refusal(json: bytes, of_a_byte: int = _MOST_OF_A_BYTE) -> SnapshotError:
    """Return the error for JSON that is heavy."""
    return SnapshotError(
        f"there are too many values in {len(json)} bytes: parsed, they would take more than "
        f"{_most(json, of_a_byte)} bytes of memory"
    )


def is_heavy(json: bytes, of_a_byte: int = _MOST_OF_A_BYTE) -> bool:
    """Return whether JSON takes more memory than so many bytes for each of its own, and 4 MiB.

    The default is what the file of a database takes at most.
    """
    return _is_heavier(json, _most(json, of_a_byte))


def is_dense(json: bytes) -> bool:
    """Return whether JSON takes more memory than the file of a database of its size."""
    return _is_heavier(json, _MOST_OF_A_BYTE * len(json))


def _most(json: bytes, of_a_byte: int) -> int:
    return of_a_byte * len(json) + _FREE


def _is_heavier(json: bytes, most: int) -> bool:
    if len(json) * max(_WEIGHTS.values()) <= most:
        return False
    quotes = _QUOTE_WEIGHT * json.count(b'"')
    if quotes + _weight(json) <= most:
        return False
    outside = (_TEXT.sub(b"", some[0]) for some in _SOME_TEXTS.finditer(json))
    weights = itertools.accumulate(map(_weight, outside), initial=quotes)
    return any(weight > most for weight in weights)


def _weight(json: bytes) -> int:
    return sum(weight * json.count(mark) for mark, weight in _WEIGHTS.items())
