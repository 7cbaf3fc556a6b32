"""What the reference does in a divergence, as a sentence and as the name of a test."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from simple_db.oracle.comparing.outcomes import Moment, Raised

if TYPE_CHECKING:
    from simple_db.oracle.comparing.comparison import Divergence

# The definition of the test has at most 88 columns, as formatters have it.
_LONGEST_NAME = 88 - len("def test_(db):")
_LONGEST_VALUE = 20

_CALLERS = {
    "alice": "by alice",
    "stranger": "by a stranger",
    "nobody": "by nobody",
    "alice_seeing_deleted": "by alice who sees deleted",
    "admin_of_alice": "by an admin of alice",
    "admin_not_seeing_deleted": "by an admin who sees no deleted",
}

# These calls are in every such program, so a sentence does not mention them.
_GROUND = {"after task_create", "after metadef_namespace_create", "after node_reference_create"}


def sentence(divergence: Divergence) -> str:
    """Return what is right, as in ``image_destroy by a stranger raises Forbidden``.

    The caller, arguments and calls before are added while the name of a test fits into a line.
    """
    function, does = divergence.program[-1].function, _what_is_right(divergence)
    circumstances = _circumstances(divergence)
    while circumstances and len(_as_name(function, *circumstances, does)) > _LONGEST_NAME:
        circumstances.pop()
    return " ".join([function, *circumstances, does])


def name_of(divergence: Divergence) -> str:
    """Return the sentence as the name of a test, cut to the length of a line."""
    name = _as_name(sentence(divergence))
    if len(name) > _LONGEST_NAME:
        name = name[: _LONGEST_NAME + 1].rpartition("_")[0]
    return f"test_{name}"


def _as_name(*phrases: str) -> str:
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", " ".join(phrases)).lower()
    return re.sub(r"[\W_]+", "_", text, flags=re.ASCII).strip("_")


def _circumstances(divergence: Divergence) -> list[str]:
    """Return the caller, the arguments and the calls before, the most important first."""
    *before, last = divergence.program
    features = set(divergence.fingerprint.features) - _GROUND
    found = []
    if last.context not in {None, "admin"}:
        found.append(_CALLERS.get(str(last.context), f"by the {last.context} project"))
    if divergence.is_of_state:
        return [*found, f"after {before[-1].function}"]
    given = sorted(one.rpartition(".")[2] for one in features if re.fullmatch(r"[\w.-]+", one))
    if given:
        found.append(f"with {' and '.join(given)}")
    return [*found, *sorted(one for one in features if one.startswith("after "))]


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
    """Return a short plain value as text, and others as empty text."""
    text = str(value).strip("'\"")
    is_short = isinstance(value, str | int | None) and len(text) <= _LONGEST_VALUE
    return text if is_short and _as_name(text) else ""
