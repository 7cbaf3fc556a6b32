"""Random requests to Glance's API: every route, every parameter, good and bad values."""

from __future__ import annotations

import json
import random
import re
import urllib.parse
import uuid
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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


TOKENS = (
    None,
    "root:ops:admin",
    "alice:demo:member",
    "alice:demo:member",
    "alice:demo:member",
    "bob:lab:member",
    "carol:demo:reader",
    "dave:ops:manager",
)
ODD_TOKENS = ("nobody:none:none", "malformed", "", "bob:lab:member,admin")
IMAGES = tuple(str(uuid.UUID(int=number, version=4)) for number in range(1, 6))
MISSING = str(uuid.UUID(int=99, version=4))
NAMES = ("one", "two", "Two", "\xe9t\xe9", "100% a_b")
NAMESPACES = ("NS::One", "NS::Two", "ns")
THINGS = ("o1", "o2", "O1")
TYPES = ("OS::Glance::Image", "OS::Nova::Flavor")
PROJECTS = ("demo", "lab", "ops")
STATUSES = ("queued", "active", "deactivated", "saving", "deleted", "killed", "pending_delete")
TIMES = (
    "2026-01-01T12:00:00Z",
    "2026-01-02T12:00:00",
    "2025-01-01T00:00:00+01:00",
    "2026-01-01",
    "gte:2026-01-01T12:00:00Z",
    "lt:2026-01-02T12:00:00Z",
    "neq:2026-01-01T12:00:00.000005",
)
JUNK = (
    "",
    "junk",
    "0",
    "-1",
    "None",
    "true",
    "\U0001f600",
    "a" * 300,
    "'",
    '"x',
    "in:",
    "gte:5",
    "x,y",
)
NUMBERS = ("0", "1", "3", "1024", "2147483647", "9223372036854775807")
IMAGE_KEYS = (
    "name", "status", "id", "size", "min_ram", "min_disk", "created_at", "updated_at",
    "visibility", "container_format", "disk_format", "protected", "owner", "checksum",
    "os_hidden", "virtual_size", "junk", "tags", "deleted", "locations", "properties",
)  # fmt: skip

_BEGINNING = 16
"""How many requests of a program are such that there is something for the others."""

PATCH = "application/openstack-images-v2.1-json-patch"


class Maker:
    """Makes the requests of one program; it knows the ids of the tasks that were answered."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self.tasks = [MISSING]
        self._subjects = [
            (self._image, 30),
            (self._image_part, 25),
            (self._data, 10),
            (self._task, 12),
            (self._namespace, 12),
            (self._definition, 20),
            (self._other, 5),
        ]

    def request(self, turn: int) -> Request:
        """Return the next request."""
        if turn <= _BEGINNING:
            return self._first(turn)
        subjects, weights = zip(*self._subjects, strict=True)
        method, path, body, kind = self._random.choices(subjects, weights)[0]()
        headers = {"Host": "glance.example"}
        token = self._one(*(ODD_TOKENS if self._rarely() else TOKENS))
        if token is not None:
            headers["X-Auth-Token"] = token
        if kind:
            headers["Content-Type"] = kind
        if self._rarely():
            method = self._one("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
        return Request(turn, method, "/v2" + path, headers, body)

    def learn(self, answer: Answer) -> None:
        """Take note of a task that was made."""
        content = answer.content
        if isinstance(content, dict):
            found = [content, *content.get("tasks", [])] if "tasks" in content else [content]
            self.tasks += [
                item["id"]
                for item in found
                if isinstance(item, dict) and item.get("type") == "import"
            ]

    def _first(self, turn: int) -> Request:
        """Return a request that makes something, whatever the chance."""
        namespace, thing = NAMESPACES[turn % 2], self._one(*THINGS)
        definitions = f"/metadefs/namespaces/{urllib.parse.quote(namespace)}"
        image = IMAGES[turn % 5]
        formats = {"disk_format": "raw", "container_format": "bare"}
        path, body = {
            0: (f"/images/{image}/members", {"member": self._one(*PROJECTS)}),
            1: ("/images", formats | {"id": image, "visibility": "shared", "name": self._one(*NAMES)}),
            2: ("/images", formats | {"id": image, "tags": ["red"], "colour": self._one("red", "blue")}),
            3: ("/images", {"id": image, "visibility": "public", "min_ram": self._one(0, 1, 3)}),
            4: (f"/images/{image}/file", None),
            5: ("/metadefs/namespaces", {"namespace": namespace, "visibility": "public"}),
            6: (f"{definitions}/objects", {"name": thing}),
            7: (f"{definitions}/properties", {"name": thing, "title": "t", "type": "string"}),
            8: (f"{definitions}/resource_types", {"name": self._one(*TYPES)}),
            9: (f"{definitions}/tags", {"tags": [{"name": "o1"}, {"name": "o2"}]}),
        }[(turn * 7) % 10]  # fmt: skip
        token = (
            self._one("root:ops:admin", "alice:demo:member") if path.startswith("/images") else None
        )
        headers = {"Host": "glance.example"} | ({"X-Auth-Token": token} if token else {})
        if body is None:
            octets = headers | {"Content-Type": "application/octet-stream"}
            return Request(turn, "PUT", "/v2" + path, octets, b"some data")
        content = json.dumps(body).encode()
        return Request(
            turn, "POST", "/v2" + path, headers | {"Content-Type": "application/json"}, content
        )

    # --- choices -----------------------------------------------------------------------------

    def _one(self, *choices: Any) -> Any:
        return self._random.choice(choices)

    def _rarely(self) -> bool:
        return self._random.random() < 0.06

    def _often(self) -> bool:
        return self._random.random() < 0.8

    def _image_id(self) -> str:
        return MISSING if self._rarely() else str(self._one(*IMAGES[:3], *IMAGES))

    def _value(self, *good: str) -> str:
        return str(self._one(*(JUNK if self._rarely() or not good else good)))

    def _query(self, **parameters: Callable[[], str]) -> str:
        chosen = self._random.sample(
            list(parameters), min(self._one(0, 0, 1, 1, 2, 3), len(parameters))
        )
        pairs = [(name, parameters[name]()) for name in chosen for _ in range(1 + self._rarely())]
        return "?" + urllib.parse.urlencode(pairs) if pairs else ""

    def _good(self, *values: str) -> Callable[[], str]:
        return lambda: self._value(*values)

    def _listed(self, *values: str) -> Callable[[], str]:
        return lambda: (
            "in:" + ",".join(self._random.sample(values, self._one(1, 2)))
            if self._random.random() < 0.3
            else self._value(*values)
        )

    def _json(self, body: Any, kind: str = "application/json") -> tuple[bytes, str]:
        if self._rarely():
            body = self._one(None, [], {}, "text", 5, {"junk": 1}, [{}], [1])
        return json.dumps(body).encode(), kind

    # --- images ------------------------------------------------------------------------------

    def _image(self) -> tuple[str, str, bytes, str]:
        what = self._random.choices(
            ["POST", "PATCH", "GET", "LIST", "DELETE"], [30, 25, 10, 30, 8]
        )[0]
        if what == "LIST":
            return "GET", "/images" + self._images_query(), b"", ""
        if what == "POST":
            return "POST", "/images", *self._json(self._image_values())
        path = f"/images/{self._image_id()}"
        if what == "PATCH":
            return "PATCH", path, *self._json(self._changes(), self._kind_of_patch())
        return what, path, b"", ""

    def _kind_of_patch(self) -> str:
        return (
            str(self._one("application/json", "application/openstack-images-v2.0-json-patch"))
            if self._rarely()
            else PATCH
        )

    def _images_query(self) -> str:
        return self._query(
            name=self._listed("one", "two", "100% a_b"),
            status=self._listed(*STATUSES),
            id=self._listed(*IMAGES),
            container_format=self._listed("bare", "ovf"),
            disk_format=self._listed("raw", "qcow2"),
            visibility=self._good("public", "private", "shared", "community", "all"),
            owner=self._good(*PROJECTS),
            member_status=self._good("accepted", "pending", "rejected", "all"),
            tag=self._good("red", "blue"),
            protected=self._good("true", "false", "True", "1"),
            os_hidden=self._good("true", "false", "1"),
            size_min=self._good(*NUMBERS),
            size_max=self._good(*NUMBERS),
            size=self._good(*NUMBERS),
            min_ram=self._good(*NUMBERS),
            min_ram_min=self._good(*NUMBERS),
            min_disk_max=self._good(*NUMBERS),
            virtual_size=self._good(*NUMBERS),
            created_at=self._good(*TIMES),
            updated_at=self._good(*TIMES),
            checksum=self._good("d41d8cd98f00b204e9800998ecf8427e"),
            os_hash_value=self._good("x"),
            os_hash_algo=self._good("sha512"),
            colour=self._good("red", "blue"),
            kind=self._good("k"),
            deleted=self._good("true", "false"),
            is_public=self._good("true", "False"),
            changes_since=self._good(*TIMES),
            **self._page(IMAGE_KEYS, IMAGES),
            sort=lambda: ",".join(
                self._one(*IMAGE_KEYS) + self._one("", ":asc", ":desc", ":junk")
                for _ in range(self._one(1, 2))
            ),
        )

    def _page(
        self, keys: tuple[str, ...], markers: tuple[str, ...]
    ) -> dict[str, Callable[[], str]]:
        return {
            "limit": self._good("0", "1", "2", "2", "100"),
            "marker": self._good(*markers),
            "sort_key": self._good(*keys),
            "sort_dir": self._good("asc", "desc"),
        }

    def _image_values(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if self._often():
            values["id"] = self._one(*IMAGES)
        for name, choices in {
            "name": (*NAMES, None, 5, "a" * 300, "\U0001f600"),
            "disk_format": ("raw", "qcow2", None, "junk"),
            "container_format": ("bare", "ovf", None, "junk"),
            "visibility": ("public", "private", "shared", "community", "junk"),
            "min_ram": (0, 1, 2**31 - 1, 2**31, -1, "5"),
            "min_disk": (0, 3, 2**31, None),
            "protected": (True, False, "true"),
            "os_hidden": (True, False, None),
            "tags": ([], ["red"], ["red", "blue", "red"], ["\U0001f600"], "red", [5]),
            "owner": (*PROJECTS, None),
            "colour": ("red", "blue", 5, None, "\U0001f600", "a" * 70_000),
            "kind": ("k", "", ["k"]),
            "status": ("active", "queued"),
            "size": (5,),
            "locations": ([], [{"url": "file:///nowhere", "metadata": {}}]),
            "os_glance_x": ("y",),
        }.items():  # fmt: skip
            if self._random.random() < (0.7 if name.endswith("_format") else 0.25):
                values[name] = self._mostly_first(choices)
        return values

    def _mostly_first(self, choices: tuple[Any, ...]) -> Any:
        return self._one(*choices[:2]) if self._often() else self._one(*choices)

    def _changes(self) -> list[dict[str, Any]]:
        return [self._change() for _ in range(self._one(1, 1, 2, 3))]

    def _change(self) -> dict[str, Any]:
        name, choices = self._one(
            ("name", NAMES),
            ("visibility", ("public", "private", "shared", "community")),
            ("protected", (True, False)),
            ("os_hidden", (True, False)),
            ("tags", (["red"], ["red", "blue"], [])),
            ("owner", PROJECTS),
            ("min_ram", (1, 2**31, -1)),
            ("min_disk", (1, "x")),
            ("colour", ("red", "blue", 5, "")),
            ("kind", ("k", "l")),
            ("a~1b", ("v",)),
            ("container_format", ("bare", "ovf")),
            ("disk_format", ("raw", "qcow2")),
            ("status", ("active",)),
            ("id", IMAGES),
            ("locations", ([], [{"url": "file:///nowhere", "metadata": {}}])),
            ("locations/-", ({"url": "file:///nowhere", "metadata": {}},)),
            ("junk/deep", ("v",)),
        )
        change = {"op": self._one("add", "replace", "replace", "remove"), "path": f"/{name}"}
        if self._rarely():
            change["op"] = "junk"
        if change["op"] != "remove":
            change["value"] = self._one(*choices)
        return change

    def _image_part(self) -> tuple[str, str, bytes, str]:
        path = f"/images/{self._image_id()}"
        what = self._random.choices(
            ["tags", "members", "actions", "locations", "tasks"], [8, 12, 4, 2, 2]
        )[0]
        if what == "tags":
            tag = urllib.parse.quote(self._value("red", "blue", "green"), safe="")
            return self._one("PUT", "PUT", "DELETE"), f"{path}/tags/{tag}", b"", ""
        if what == "actions":
            return "POST", f"{path}/actions/{self._one('deactivate', 'reactivate')}", b"", ""
        if what == "tasks":
            return "GET", f"{path}/tasks", b"", ""
        if what == "locations":
            body = {
                "url": self._one("file:///nowhere", "http://192.0.2.1/x", "junk"),
                "validation_data": {},
            }
            return (
                ("POST", f"{path}/locations", *self._json(body))
                if self._often()
                else ("GET", f"{path}/locations", b"", "")
            )
        member = self._value(*PROJECTS)
        method = self._random.choices(["POST", "PUT", "GET", "LIST", "DELETE"], [10, 10, 4, 4, 5])[
            0
        ]
        if method == "POST":
            return "POST", f"{path}/members", *self._json({"member": member})
        if method == "LIST":
            return "GET", f"{path}/members", b"", ""
        path += "/members/" + urllib.parse.quote(member, safe="")
        if method == "PUT":
            return (
                "PUT",
                path,
                *self._json({"status": self._value("accepted", "pending", "rejected")}),
            )
        return method, path, b"", ""

    def _data(self) -> tuple[str, str, bytes, str]:
        path = f"/images/{self._image_id()}"
        data = self._one(b"", b"some data", b"x" * 5000)
        octets = "text/plain" if self._rarely() else "application/octet-stream"
        what = self._random.choices(
            ["upload", "stage", "download", "import", "store"], [12, 5, 6, 4, 1]
        )[0]
        if what == "upload":
            return "PUT", f"{path}/file", data, octets
        if what == "stage":
            return "PUT", f"{path}/stage", data, octets
        if what == "download":
            return "GET", f"{path}/file", b"", ""
        if what == "store":
            return "DELETE", f"/stores/{self._value('images', 'spare')}/{self._image_id()}", b"", ""
        method = self._one(
            {"name": "glance-direct"},
            {"name": "glance-direct"},
            {"name": "web-download", "uri": "http://127.0.0.1:1/x"},
            {"name": "web-download", "uri": "http://192.0.2.1/x"},
            {"name": "copy-image"},
            {"name": "junk"},
        )
        body = {"method": method} | ({"stores": ["spare"]} if self._rarely() else {})
        return "POST", f"{path}/import", *self._json(body)

    # --- tasks -------------------------------------------------------------------------------

    def _task(self) -> tuple[str, str, bytes, str]:
        what = self._random.choices(["POST", "LIST", "GET", "DELETE"], [8, 12, 5, 3])[0]
        if what == "POST":
            body = {
                "type": self._value("import"),
                "input": self._one(
                    {
                        "import_from": "http://127.0.0.1:1/x",
                        "import_from_format": "raw",
                        "image_properties": {},
                    },
                    {
                        "import_from": "file:///x",
                        "import_from_format": "raw",
                        "image_properties": {},
                    },
                    {},
                    None,
                    "x",
                ),
            }
            return "POST", "/tasks", *self._json(body)
        if what == "LIST":
            keys = (
                "id",
                "type",
                "status",
                "owner",
                "created_at",
                "updated_at",
                "expires_at",
                "result",
                "junk",
            )
            query = self._query(
                type=self._good("import"),
                status=self._good("pending", "processing", "success", "failure"),
                owner=self._good(*PROJECTS),
                created_at=self._good(*TIMES),
                updated_at=self._good(*TIMES),
                expires_at=self._good(*TIMES),
                id=lambda: self._one(*self.tasks),
                request_id=self._good("x"),
                image_id=self._good(*IMAGES),
                user_id=self._good("alice"),
                input=self._good("x"),
                result=self._good("x"),
                message=self._good("x"),
                deleted=self._good("true", "false", "1"),
                deleted_at=self._good(*TIMES),
                info=self._good("x"),
                junk=self._good("x"),
                **self._page(keys, tuple(self.tasks)),
            )
            return "GET", "/tasks" + query, b"", ""
        return what, f"/tasks/{self._one(*self.tasks)}", b"", ""

    # --- metadata definitions ----------------------------------------------------------------

    def _namespace_name(self) -> str:
        return "missing" if self._rarely() else str(self._one(*NAMESPACES[:2], *NAMESPACES))

    def _namespace_values(self) -> dict[str, Any]:
        values: dict[str, Any] = {"namespace": self._namespace_name()}
        for name, choices in {
            "visibility": ("public", "private", "junk"),
            "protected": (True, False, "x"),
            "owner": (*PROJECTS, 5),
            "description": ("text", "", None, "\U0001f600"),
            "display_name": ("shown", "a" * 100),
            "resource_type_associations": (
                [{"name": TYPES[0]}],
                [{"name": TYPES[1], "prefix": "p_"}],
                [{}],
            ),
            "properties": ({"p": {"title": "t", "type": "string"}}, {"p": {}}),
            "objects": ([{"name": "o1"}], [{"name": "o1"}, {"name": "o1"}]),
            "tags": ([{"name": "t1"}], [{"name": "t1"}, {"name": "t1"}]),
        }.items():
            if self._random.random() < 0.3:
                values[name] = self._mostly_first(choices)
        return values

    def _namespace(self) -> tuple[str, str, bytes, str]:
        what = self._random.choices(["POST", "PUT", "GET", "LIST", "DELETE"], [10, 5, 4, 9, 2])[0]
        if what == "POST":
            return "POST", "/metadefs/namespaces", *self._json(self._namespace_values())
        if what == "LIST":
            keys = (
                "namespace",
                "created_at",
                "updated_at",
                "id",
                "visibility",
                "owner",
                "protected",
                "junk",
            )
            query = self._query(
                resource_types=self._good(*TYPES, "x", ",".join(TYPES)),
                visibility=self._good("public", "private"),
                owner=self._good(*PROJECTS),
                namespace=self._good(*NAMESPACES),
                protected=self._good("true", "false"),
                junk=self._good("x"),
                **self._page(keys, NAMESPACES),
            )
            return "GET", "/metadefs/namespaces" + query, b"", ""
        path = "/metadefs/namespaces/" + urllib.parse.quote(self._namespace_name())
        if what == "PUT":
            return "PUT", path, *self._json(self._namespace_values())
        if what == "GET":
            return "GET", path + self._query(resource_type=self._good(*TYPES, "x")), b"", ""
        return what, path, b"", ""

    def _definition(self) -> tuple[str, str, bytes, str]:
        namespace = "/metadefs/namespaces/" + urllib.parse.quote(self._namespace_name())
        kind = self._one("objects", "properties", "tags", "resource_types")
        path = f"{namespace}/{kind}"
        name = self._value(*THINGS)
        what = self._random.choices(
            ["POST", "PUT", "GET", "LIST", "DELETE", "CLEAR"], [14, 7, 5, 7, 4, 1]
        )[0]
        if kind == "resource_types":
            if what in {"GET", "LIST", "CLEAR"}:
                return "GET", path, b"", ""
            type_name = self._value(*TYPES)
            if what == "DELETE":
                return "DELETE", path + "/" + urllib.parse.quote(type_name, safe=""), b"", ""
            values = {"name": type_name} | self._one(
                {}, {"prefix": "p_"}, {"properties_target": "image"}
            )
            return "POST", path, *self._json(values)
        if what == "CLEAR":
            return "DELETE", path, b"", ""
        if what == "LIST":
            keys = ("name", "created_at", "updated_at", "id", "junk")
            return (
                "GET",
                path + self._query(**self._page(keys, THINGS), resource_type=self._good(*TYPES)),
                b"",
                "",
            )
        one = path + "/" + urllib.parse.quote(name, safe="")
        if what in {"GET", "DELETE"}:
            return what, one, b"", ""
        if kind == "tags":
            if what == "PUT":
                return "PUT", one, *self._json({"name": self._value(*THINGS)})
            if self._often():
                return "POST", one, b"", ""
            return (
                "POST",
                path,
                *self._json(
                    {"tags": [{"name": self._one(*THINGS)} for _ in range(self._one(0, 1, 2))]}
                ),
            )
        values = {
            "objects": {
                "name": self._value(*THINGS),
                "description": self._one("text", "other"),
                "required": self._one([], ["p"]),
                "properties": self._one({}, {"p": {"title": "t", "type": "string"}}, {"p": 5}),
            },
            "properties": {
                "name": self._value(*THINGS),
                "title": "t",
                "type": self._one("string", "integer", "junk"),
                "enum": self._one([], ["a"]),
            },
        }[kind]
        return (
            ("PUT", one, *self._json(values))
            if what == "PUT"
            else ("POST", path, *self._json(values))
        )

    # --- the rest ----------------------------------------------------------------------------

    def _other(self) -> tuple[str, str, bytes, str]:
        schemas = ["image", "images", "member", "members", "task", "tasks"] + [
            f"metadefs/{name}"
            for name in (
                "namespace", "namespaces", "object", "objects", "property", "properties", "tag",
                "tags", "resource_type", "resource_types",
            )
        ]  # fmt: skip
        method, path = self._one(
            ("GET", f"/schemas/{self._one(*schemas)}"),
            ("GET", "/info/import"),
            ("GET", "/info/stores"),
            ("GET", "/info/usage"),
            ("GET", "/info/stores/detail"),
            ("GET", "/metadefs/resource_types"),
            ("GET", "/cache"),
            ("DELETE", "/cache"),
            ("PUT", f"/cache/{self._image_id()}"),
            ("DELETE", f"/cache/{self._image_id()}"),
            ("GET", f"/cache/nodes/{self._image_id()}"),
            ("POST", "/cache/clean"),
            ("POST", "/cache/prune"),
            ("GET", "/nowhere"),
        )
        return method, path, b"", ""
