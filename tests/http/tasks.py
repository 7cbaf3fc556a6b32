"""Random requests for tasks."""

from typing import Any

from tests.http.chance import Chance, Draft
from tests.http.values import IMAGES, MISSING, PROJECTS, TIMES

_KEYS = (
    *("id", "type", "status", "owner", "created_at", "updated_at", "expires_at"),
    *("result", "junk"),
)
_IMPORT = {"import_from": "http://127.0.0.1:1/x", "import_from_format": "raw"}
_INPUTS: tuple[Any, ...] = (
    _IMPORT | {"image_properties": {}},
    _IMPORT | {"image_properties": {}, "import_from": "file:///x"},
    {},
    None,
    "x",
)


class Tasks:
    """Makes the requests; it knows the ids that were answered."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self.ids = [MISSING]

    def draft(self) -> Draft:
        chance = self._chance
        what = chance.weighted({"POST": 8, "LIST": 12, "GET": 5, "DELETE": 3})
        if what == "POST":
            body = {"type": chance.value("import"), "input": chance.one(*_INPUTS)}
            return chance.sends("POST", "/tasks", body)
        if what == "LIST":
            return Draft("GET", "/tasks" + self._query())
        return Draft(what, f"/tasks/{chance.one(*self.ids)}")

    def _query(self) -> str:
        chance = self._chance
        times = ("created_at", "updated_at", "expires_at", "deleted_at")
        others = ("request_id", "input", "result", "message", "info", "junk")
        return chance.query(
            type=chance.good("import"),
            status=chance.good("pending", "processing", "success", "failure"),
            owner=chance.good(*PROJECTS),
            id=lambda: str(chance.one(*self.ids)),
            image_id=chance.good(*IMAGES),
            user_id=chance.good("alice"),
            deleted=chance.good("true", "false", "1"),
            **{name: chance.good(*TIMES) for name in times},
            **{name: chance.good("x") for name in others},
            **chance.page(_KEYS, tuple(self.ids)),
        )
