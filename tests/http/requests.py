"""Requests to Glance's API, and answers, as plain data."""

from __future__ import annotations

import json
import re
import urllib.parse
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

# An id, a name, a number; no word of a sentence, which has no digit and no capital inside.
_WORD = re.compile(r"[\w:-]*[0-9A-Z:][\w:-]*[\w]|[0-9]+")


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
        known = set(_WORD.findall(asked))
        return [word for word in _WORD.findall(text) if word in known]


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
