"""Requests to Glance's API, and answers, as plain data."""

from __future__ import annotations

import json
import re
import urllib.parse
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


@frozen
class Request:
    """A request, and its number: the time and the ids that are made depend on that alone."""

    turn: int
    method: str
    path: str
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = b""

    def facts_in(self, text: str) -> list[str]:
        """Return the words of a text that the request has too: ids, names, values."""
        asked = urllib.parse.unquote_plus(self.path) + " " + self.body.decode(errors="replace")
        known = set(_facts(asked))
        return [fact for fact in _facts(text) if fact in known]


@frozen
class Answer:
    """What a side answers: status, headers that matter, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        """The body, as JSON if it is."""
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body


def _facts(text: str) -> list[str]:
    """Return the words that are no words of a sentence: they have a digit, a capital or a colon."""
    return [word for word in re.findall(r"[\w:-]+", text) if re.search("[0-9A-Z:]", word)]
