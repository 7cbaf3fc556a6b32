"""What makes two divergences the same: a line of text that people can read, search and edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from simple_db.oracle.programs.calls import parameters_of
from simple_db.oracle.programs.cast import CAST
from simple_db.oracle.programs.domain import NEEDED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simple_db.oracle.programs.calls import Call, Program

SIGNATURE = "signature"
"""The outcomes of a fingerprint where it is the signature of the function that differs."""

AFTER = "after "
"""How a feature begins that is a function called before."""

_BAR = " | "

# What a caller fills in: each key counts as a feature of its own.
_FILLED_IN = ("values", "filters", "location", "image", "dict")


@frozen
class Fingerprint:
    """What a divergence is known by.

    Attributes:
        function: The function that diverges, or after which the state does; ``any image`` where
            rows that images carry have other keys, whichever function returns them.
        outcomes: What the call came to on the reference and on the target, as in
            ``returns / raises KeyError``.
        field: Where the answers differ, as in ``[].status``; where the state does, after the
            function that shows it, as in ``then image_get: status``.
        features: What the shortest program has to have: names of arguments and keys given in the
            call, who calls if that is no administrator, and the functions called before.
    """

    function: str
    outcomes: str
    field: str
    features: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write the fingerprint in one line."""
        return _BAR.join([self.function, self.outcomes, self.field, ", ".join(self.features)])

    @property
    def place(self) -> Fingerprint:
        """The fingerprint without features: where, and not how one gets there."""
        return Fingerprint(self.function, self.outcomes, self.field)

    def explains(self, other: Fingerprint) -> bool:
        """Return whether the other is this divergence in a longer program."""
        return self.place == other.place and set(self.features) <= set(other.features)


def parse(text: str) -> Fingerprint:
    """Read a fingerprint as `str` writes it.

    Raises:
        ValueError: the text is no fingerprint.
    """
    parts = [part.strip() for part in text.split(_BAR.strip())]
    if len(parts) != len(("function", "outcomes", "field", "features")):
        raise ValueError(f"a fingerprint is 'function | outcomes | field | features', not {text!r}")
    function, outcomes, field, features = parts
    return Fingerprint(
        function, outcomes, field, tuple(sorted(filter(None, map(str.strip, features.split(",")))))
    )


def features(program: Program) -> tuple[str, ...]:
    """Return what the program's last call, and those before it, have of features.

    What every call of the function has is none; nor is it that an image was created.
    """
    *before, last = program
    after = {f"{AFTER}{call.function}" for call in before if call.function != "image_create"}
    return tuple(sorted({*_of_call(last), *after}))


def _of_call(call: Call) -> Iterator[str]:
    yield from _of_caller(call.context)
    needed = NEEDED.get(call.function, frozenset())
    optional = parameters_of(call.function).optional
    for name, value in call.arguments:
        if isinstance(value, dict) and name.endswith(_FILLED_IN):
            yield from (f"{name}.{key}" for key in value if key not in needed)
        elif name in optional:
            yield name


def _of_caller(name: str | None) -> Iterator[str]:
    """Give what sets the caller apart from an administrator; a stranger has least of it."""
    if name is None:
        return
    context = CAST[name]
    if not context.is_admin:
        yield "as a user"
    if not context.can_see_deleted:
        yield "not seeing deleted"
    if name == "nobody":
        yield "of no project"
    elif context.owner not in {None, "stranger"}:
        yield f"of {context.owner}"
