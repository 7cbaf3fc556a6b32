"""What the reference does in a divergence, as a sentence and as the name of a test."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from simple_db.oracle.comparing.outcomes import Moment, Raised
from simple_db.oracle.emission.source import WIDTH

if TYPE_CHECKING:
    from simple_db.oracle.comparing.comparison import Divergence

_LONGEST_NAME = WIDTH - len("def test_(db):")
_LONGEST_VALUE = 20

_CALLERS = {
    "alice": "by alice",
    "stranger": "by a stranger",
    "nobody": "by nobody",
    "alice_seeing_deleted": "by alice who sees deleted",
    "admin_of_alice": "by an admin of alice",
    "admin_not_seeing_deleted": "by an admin who sees no deleted",
}

# What has to be there anyway is no circumstance.
_GROUND = {"after task_create", "after metadef_namespace_create", "after node_reference_create"}


def sentence(divergence: Divergence) -> str:
    """Return what is right, as in ``image_destroy by a stranger raises Forbidden``.

    Who calls, after what and with what is told as far as it fits into the name of a test.
    """
    function, does = divergence.program[-1].function, _what_is_right(divergence)
    circumstances = _circumstances(divergence)
    while circumstances and len(_as_name(function, *circumstances, does)) > _LONGEST_NAME:
        circumstances.pop()
    return " ".join([function, *circumstances, does])


def name_of(divergence: Divergence) -> str:
    """Return the sentence as the name of a test, which fits into a line."""
    name = _as_name(sentence(divergence))
    if len(name) > _LONGEST_NAME:
        name = name[: _LONGEST_NAME + 1].rpartition("_")[0]
    return f"test_{name}"


def _as_name(*phrases: str) -> str:
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", " ".join(phrases)).lower()
    return re.sub(r"[\W_]+", "_", text, flags=re.ASCII).strip("_")


def _circumstances(divergence: Divergence) -> list[str]:
    """Return who calls, after which calls and with what, the most telling first."""
    *before, last = divergence.program
    features = set(divergence.fingerprint.features) - _GROUND
    told = []
    if last.context not in {None, "admin"}:
        told.append(_CALLERS.get(str(last.context), f"by the {last.context} project"))
    if divergence.is_of_state:
        return [*told, f"after {before[-1].function}"]
    given = sorted(one.rpartition(".")[2] for one in features if re.fullmatch(r"[\w.-]+", one))
    if given:
        told.append(f"with {' and '.join(given)}")
    return [*told, *sorted(one for one in features if one.startswith("after "))]


def _what_is_right(divergence: Divergence) -> str:
    expected, actual, field = divergence.expected, divergence.actual, divergence.difference.field
    if isinstance(expected, Raised):
        return f"raises {expected.error}"
    if isinstance(actual, Raised):
        return f"does not raise {actual.error}"
    if not field:
        return f"returns {_value(expected.value)}".strip()
    path, _, what = field.partition(" ")
    return _of_field(divergence, path.replace("[]", "").rpartition(".")[2], what)


def _of_field(divergence: Divergence, key: str, what: str) -> str:
    expected, actual = divergence.difference.expected, divergence.difference.actual
    if what == "order":
        return f"keeps the order {f'of {key}' if key else ''}".strip()
    if what in {"missing", "extra"}:
        rows = set(expected) ^ set(actual)
        verb = "has" if key else "lists"
        verb = verb if what == "missing" else f"does not {'have' if key else 'list'}"
        return f"{verb} {key} {_value(min(rows, default=''))}".replace("  ", " ").strip()
    if what:
        return f"has {'no ' * (expected is ...)}{key}"
    if key.endswith("id") and isinstance(expected, int):
        return f"keeps {key}"
    if isinstance(expected, Moment):
        renewed = expected.call == len(divergence.program) - 1 - divergence.is_of_state
        return f"{'renews' if renewed else 'keeps'} {key}"
    return f"has {key} {_value(expected)}".strip()


def _value(value: Any) -> str:
    """Return a plain value that is short, or nothing."""
    text = str(value).strip("'\"")
    is_short = isinstance(value, str | int | None) and len(text) <= _LONGEST_VALUE
    return text if is_short and _as_name(text) else ""
