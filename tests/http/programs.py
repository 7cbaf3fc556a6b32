"""Random programs: every route of Glance's API, every parameter, good and bad values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.http import images, metadefs
from tests.http.chance import Chance, Draft, quoted
from tests.http.requests import Answer, Request
from tests.http.tasks import Tasks
from tests.http.values import IMAGES, NAMESPACES, ODD_TOKENS, PROJECTS, THINGS, TOKENS, TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

_BEGINNING = 16
"""How many requests of a program make something for the others."""

_FORMATS = {"disk_format": "raw", "container_format": "bare"}
_IMAGES = (
    _FORMATS | {"visibility": "shared", "name": "one", "owner": "demo"},
    _FORMATS | {"visibility": "public", "tags": ["red"], "colour": "blue", "owner": "lab"},
    _FORMATS | {"visibility": "community", "name": "two", "owner": "demo", "kind": "k"},
    {"visibility": "private", "min_ram": 3, "owner": "demo", "tags": ["red", "blue"]},
)

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")

_SCHEMAS = (
    *("image", "images", "member", "members", "task", "tasks"),
    *("metadefs/namespace", "metadefs/namespaces", "metadefs/object", "metadefs/objects"),
    *("metadefs/property", "metadefs/properties", "metadefs/tag", "metadefs/tags"),
    *("metadefs/resource_type", "metadefs/resource_types"),
)


class Maker:
    """Makes the requests of one program; it learns the ids of tasks from the answers."""

    def __init__(self, seed: int) -> None:
        self._chance = Chance(seed)
        self._tasks = Tasks(self._chance)

    def request(self, turn: int) -> Request:
        """Return the next request."""
        chance = self._chance
        if turn <= _BEGINNING:
            return _made(turn, _first(chance, turn), "root:ops:admin")
        drafts: dict[Callable[[Chance], Draft], int] = {
            images.image: 30,
            images.part: 25,
            images.data: 10,
            lambda _: self._tasks.draft(): 12,
            metadefs.namespace: 12,
            metadefs.definition: 20,
            _other: 5,
        }
        draft = chance.weighted(drafts)(chance)
        token = chance.one(*(ODD_TOKENS if chance.rarely() else TOKENS))
        return _made(turn, draft, token, chance.one(*_METHODS) if chance.rarely() else None)

    def learn(self, answer: Answer) -> None:
        """Take note of the tasks of an answer."""
        content = answer.content
        if isinstance(content, dict):
            found = content.get("tasks", [content])
            self._tasks.ids += [task["id"] for task in found if task.get("type") == "import"]


def _made(turn: int, draft: Draft, token: str | None, method: str | None = None) -> Request:
    headers = {"Host": "glance.example", "X-Auth-Token": token, "Content-Type": draft.kind or None}
    return Request(
        turn,
        method or draft.method,
        "/v2" + draft.path,
        {name: value for name, value in headers.items() if value is not None},
        draft.body,
    )


def _first(chance: Chance, turn: int) -> Draft:
    """Return a request that makes something, whatever the chance."""
    if turn <= len(IMAGES):
        return _json("/images", {"id": IMAGES[turn - 1]} | chance.one(*_IMAGES))
    image, namespace = chance.one(*IMAGES), NAMESPACES[turn % 2]
    if turn <= len(IMAGES) + 2:
        visibility = chance.one("public", "private")
        values = {"namespace": namespace, "visibility": visibility, "owner": chance.one(*PROJECTS)}
        return _json("/metadefs/namespaces", values)
    definitions = f"/metadefs/namespaces/{quoted(namespace)}"
    content = {"name": chance.one(*THINGS), "title": "t", "type": "string"}
    draft: Draft = chance.one(
        Draft("PUT", f"/images/{image}/file", b"some data", "application/octet-stream"),
        _json(f"/images/{image}/members", {"member": chance.one(*PROJECTS)}),
        _json(f"{definitions}/objects", {"name": chance.one(*THINGS)}),
        _json(f"{definitions}/properties", content),
        _json(f"{definitions}/resource_types", {"name": chance.one(*TYPES)}),
        _json(f"{definitions}/tags", {"tags": [{"name": "o1"}, {"name": "o2"}]}),
    )
    return draft


def _json(path: str, body: Any) -> Draft:
    return Draft("POST", path, json.dumps(body).encode(), "application/json")


def _other(chance: Chance) -> Draft:
    image = chance.image_id()
    asked: str = chance.one(
        *(f"GET /schemas/{chance.one(*_SCHEMAS)}", "GET /info/import", "GET /info/stores"),
        *("GET /info/usage", "GET /info/stores/detail", "GET /metadefs/resource_types"),
        *("GET /cache", "DELETE /cache", f"PUT /cache/{image}", f"DELETE /cache/{image}"),
        *(f"GET /cache/nodes/{image}", "POST /cache/clean", "POST /cache/prune", "GET /nowhere"),
    )
    method, _, path = asked.partition(" ")
    return Draft(method, path)
