"""Fingerprints identify divergences: lines of text that people can read, search and edit."""

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
"""Stands in the place of the outcomes if the signature of the function differs."""

AFTER = "after "
"""A feature that is a function called before begins with this."""

_BAR = " | "

# In arguments with these names, each key counts as a feature of its own.
_FILLED_IN = ("values", "filters", "location", "image", "dict")


@frozen
class Fingerprint:
    """What identifies a divergence.

    Attributes:
        function: The function that diverges, or after which the state does; ``any image`` if the
            rows within images have different keys, whichever function returns the images.
        outcomes: The outcome on the reference and on the target, as in
            ``returns / raises KeyError``.
        field: Where the answers differ, as in ``[].status``. If the states differ, the function
            that shows it comes first, as in ``then image_get: status``.
        features: What a program needs to show it: names of arguments and keys in the last call,
            its caller if that is no administrator, and the functions called before.
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
        """The fingerprint without features: where the difference is, and not what it takes."""
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
    """Return the features of the program's last call and of those before it.

    What every call of the function has does not count, nor does the creation of an image.
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
    """Yield how the caller differs from an administrator."""
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
