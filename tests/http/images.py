"""Random requests for images, and for all that belongs to them."""

from typing import Any

from tests.http.chance import Chance, Draft, quoted
from tests.http.values import IMAGES, NAMES, NUMBERS, PROJECTS, STATUSES, TIMES

_PATCH = "application/openstack-images-v2.1-json-patch"
_OTHER_PATCHES = ("application/json", "application/openstack-images-v2.0-json-patch")

_KEYS = (
    *("name", "status", "id", "size", "min_ram", "min_disk", "created_at", "updated_at"),
    *("visibility", "container_format", "disk_format", "protected", "owner", "checksum"),
    *("os_hidden", "virtual_size", "junk", "tags", "deleted", "locations", "properties"),
)

_NOWHERE = {"url": "file:///nowhere", "metadata": {}}
_VISIBILITIES = ("public", "private", "shared", "community")

_VALUES: dict[str, tuple[Any, ...]] = {
    "name": (*NAMES, None, 5, "a" * 300, "\U0001f600"),
    "visibility": (*_VISIBILITIES, "junk"),
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
    "locations": ([], [_NOWHERE]),
    "os_glance_x": ("y",),
}

_CHANGES: dict[str, tuple[Any, ...]] = {
    "name": NAMES,
    "visibility": _VISIBILITIES,
    "protected": (True, False),
    "os_hidden": (True, False),
    "tags": (["red"], ["red", "blue"], []),
    "owner": PROJECTS,
    "min_ram": (1, 2**31, -1),
    "min_disk": (1, "x"),
    "colour": ("red", "blue", 5, ""),
    "kind": ("k", "l"),
    "a~1b": ("v",),
    "container_format": ("bare", "ovf"),
    "disk_format": ("raw", "qcow2"),
    "status": ("active",),
    "id": IMAGES,
    "locations": ([], [_NOWHERE]),
    "locations/-": (_NOWHERE,),
    "junk/deep": ("v",),
}

_IMPORTS = (
    {"name": "glance-direct"},
    {"name": "glance-direct"},
    {"name": "web-download", "uri": "http://127.0.0.1:1/x"},
    {"name": "web-download", "uri": "http://192.0.2.1/x"},
    {"name": "copy-image"},
    {"name": "junk"},
)


def image(chance: Chance) -> Draft:
    """Return a request for an image, or for all."""
    what = chance.weighted({"POST": 30, "PATCH": 25, "GET": 10, "LIST": 30, "DELETE": 8})
    path = f"/images/{chance.image_id()}"
    if what == "LIST":
        return Draft("GET", "/images" + _query(chance))
    if what == "POST":
        return chance.sends("POST", "/images", _new(chance))
    if what == "PATCH":
        changes = [_change(chance) for _ in range(chance.one(1, 1, 2, 3))]
        kind = chance.one(*_OTHER_PATCHES) if chance.rarely() else _PATCH
        return chance.sends("PATCH", path, changes, kind)
    return Draft(what, path)


def part(chance: Chance) -> Draft:
    """Return a request for what belongs to an image."""
    makes = chance.weighted({_tag: 8, _member: 12, _action: 4, _location: 2, _tasks: 2})
    draft: Draft = makes(chance, f"/images/{chance.image_id()}")
    return draft


def data(chance: Chance) -> Draft:
    """Return a request for the data of an image."""
    makes = chance.weighted({_upload: 17, _download: 6, _import: 4, _from_store: 1})
    draft: Draft = makes(chance, f"/images/{chance.image_id()}")
    return draft


def _query(chance: Chance) -> str:
    numbers = ("size", "size_min", "size_max", "min_ram", "min_ram_min", "min_disk_max")
    return chance.query(
        name=chance.listed("one", "two", "100% a_b"),
        status=chance.listed(*STATUSES),
        id=chance.listed(*IMAGES),
        container_format=chance.listed("bare", "ovf"),
        disk_format=chance.listed("raw", "qcow2"),
        visibility=chance.good(*_VISIBILITIES, "all"),
        owner=chance.good(*PROJECTS),
        member_status=chance.good("accepted", "pending", "rejected", "all"),
        tag=chance.good("red", "blue"),
        protected=chance.good("true", "false", "True", "1"),
        os_hidden=chance.good("true", "false", "1"),
        **{name: chance.good(*NUMBERS) for name in (*numbers, "virtual_size")},
        **{name: chance.good(*TIMES) for name in ("created_at", "updated_at", "changes_since")},
        checksum=chance.good("d41d8cd98f00b204e9800998ecf8427e"),
        os_hash_value=chance.good("x"),
        os_hash_algo=chance.good("sha512"),
        colour=chance.good("red", "blue"),
        kind=chance.good("k"),
        deleted=chance.good("true", "false"),
        is_public=chance.good("true", "False"),
        **chance.page(_KEYS, IMAGES),
        sort=lambda: ",".join(
            chance.one(*_KEYS) + chance.one("", ":asc", ":desc", ":junk")
            for _ in range(chance.one(1, 2))
        ),
    )


def _new(chance: Chance) -> dict[str, Any]:
    formats = {"disk_format": ("raw", "qcow2", None), "container_format": ("bare", "ovf", "junk")}
    return (
        ({"id": chance.one(*IMAGES)} if chance.holds(0.8) else {})
        | {key: chance.mostly_first(of) for key, of in formats.items() if chance.holds(0.7)}
        | {key: chance.mostly_first(of) for key, of in _VALUES.items() if chance.holds(0.25)}
    )


def _change(chance: Chance) -> dict[str, Any]:
    name = chance.one(*_CHANGES)
    operation = "junk" if chance.rarely() else chance.one("add", "replace", "replace", "remove")
    change = {"op": operation, "path": f"/{name}"}
    return change if operation == "remove" else change | {"value": chance.one(*_CHANGES[name])}


def _tag(chance: Chance, path: str) -> Draft:
    tag = quoted(chance.value("red", "blue", "green"))
    return Draft(chance.one("PUT", "PUT", "DELETE"), f"{path}/tags/{tag}")


def _action(chance: Chance, path: str) -> Draft:
    return Draft("POST", f"{path}/actions/{chance.one('deactivate', 'reactivate')}")


def _tasks(chance: Chance, path: str) -> Draft:
    return Draft("GET", f"{path}/tasks")


def _location(chance: Chance, path: str) -> Draft:
    url = chance.one("file:///nowhere", "http://192.0.2.1/x", "junk")
    added = chance.sends("POST", f"{path}/locations", {"url": url, "validation_data": {}})
    draft: Draft = chance.one(added, added, Draft("GET", f"{path}/locations"))
    return draft


def _member(chance: Chance, path: str) -> Draft:
    member = chance.value(*PROJECTS)
    what = chance.weighted({"POST": 10, "PUT": 10, "GET": 4, "LIST": 4, "DELETE": 5})
    one = f"{path}/members/{quoted(member)}"
    if what == "POST":
        return chance.sends("POST", f"{path}/members", {"member": member})
    if what == "PUT":
        return chance.sends("PUT", one, {"status": chance.value("accepted", "pending", "rejected")})
    return Draft("GET", f"{path}/members") if what == "LIST" else Draft(what, one)


def _upload(chance: Chance, path: str) -> Draft:
    content = chance.one(b"", b"some data", b"x" * 5000)
    kind = "text/plain" if chance.rarely() else "application/octet-stream"
    return Draft("PUT", f"{path}/{chance.one('file', 'file', 'stage')}", content, kind)


def _download(chance: Chance, path: str) -> Draft:
    return Draft("GET", f"{path}/file")


def _import(chance: Chance, path: str) -> Draft:
    stores = {"stores": ["spare"]} if chance.rarely() else {}
    return chance.sends("POST", f"{path}/import", {"method": chance.one(*_IMPORTS)} | stores)


def _from_store(chance: Chance, path: str) -> Draft:
    store = chance.value("images", "spare")
    return Draft("DELETE", path.replace("/images/", f"/stores/{store}/", 1))
