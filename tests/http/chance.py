"""Random choices, which a seed makes again."""

from __future__ import annotations

import json
import random
import urllib.parse
from typing import TYPE_CHECKING, Any

from attrs import frozen

from tests.http.values import IMAGES, JUNK, MISSING

if TYPE_CHECKING:
    from collections.abc import Callable

_JUNK_BODIES: tuple[Any, ...] = (None, [], {}, "text", 5, {"junk": 1}, [{}], [1])


@frozen
class Draft:
    """A request without caller."""

    method: str
    path: str
    body: bytes = b""
    kind: str = ""


class Chance:
    """Chooses; mostly what is good, and now and then what is not."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret

    def one(self, *choices: Any) -> Any:
        return self._random.choice(choices)

    def some(self, choices: tuple[Any, ...], count: int) -> list[Any]:
        return self._random.sample(choices, min(count, len(choices)))

    def weighted(self, choices: dict[Any, int]) -> Any:
        return self._random.choices(list(choices), list(choices.values()))[0]

    def holds(self, probability: float) -> bool:
        return self._random.random() < probability

    def rarely(self) -> bool:
        return self.holds(0.06)

    def mostly_first(self, choices: tuple[Any, ...]) -> Any:
        """Choose one of the first two, or now and then any."""
        return self.one(*choices[:2]) if self.holds(0.8) else self.one(*choices)

    def value(self, *good: str) -> str:
        return str(self.one(*(JUNK if self.rarely() else good)))

    def image_id(self) -> str:
        return MISSING if self.rarely() else str(self.one(*IMAGES[:3], *IMAGES))

    # --- parts of a request ------------------------------------------------------------------

    def sends(self, method: str, path: str, body: Any, kind: str = "application/json") -> Draft:
        """Return a request whose body is JSON, and now and then another than is asked for."""
        content = self.one(*_JUNK_BODIES) if self.rarely() else body
        return Draft(method, path, json.dumps(content).encode(), kind)

    def query(self, **parameters: Callable[[], str]) -> str:
        """Return a query of some parameters, now and then one of them twice."""
        chosen = self.some(tuple(parameters), self.one(0, 0, 1, 1, 2, 3))
        pairs = [(name, parameters[name]()) for name in chosen for _ in range(1 + self.rarely())]
        return "?" + urllib.parse.urlencode(pairs) if pairs else ""

    def good(self, *values: str) -> Callable[[], str]:
        return lambda: self.value(*values)

    def listed(self, *values: str) -> Callable[[], str]:
        """Return what makes a value, or several after ``in:``."""

        def make() -> str:
            if self.holds(0.3):
                return "in:" + ",".join(self.some(values, self.one(1, 2)))
            return self.value(*values)

        return make

    def page(self, keys: tuple[str, ...], markers: tuple[str, ...]) -> dict[str, Callable[[], str]]:
        return {
            "limit": self.good("0", "1", "2", "2", "100"),
            "marker": self.good(*markers),
            "sort_key": self.good(*keys),
            "sort_dir": self.good("asc", "desc"),
        }


def quoted(name: str) -> str:
    return urllib.parse.quote(name, safe="")
