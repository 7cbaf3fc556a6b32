"""Random requests for metadata definitions."""

from typing import Any

from tests.http.chance import Chance, Draft, quoted
from tests.http.values import NAMESPACES, PROJECTS, THINGS, TYPES

_ROOT = "/metadefs/namespaces"
_KEYS = ("namespace", "created_at", "updated_at", "id", "visibility", "owner", "protected", "junk")
_STRING = {"title": "t", "type": "string"}

_NAMESPACE: dict[str, tuple[Any, ...]] = {
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
    "properties": ({"p": _STRING}, {"p": {}}),
    "objects": ([{"name": "o1"}], [{"name": "o1"}, {"name": "o1"}]),
    "tags": ([{"name": "t1"}], [{"name": "t1"}, {"name": "t1"}]),
}


def namespace(chance: Chance) -> Draft:
    """Return a request for a namespace, or for all."""
    what = chance.weighted({"POST": 10, "PUT": 5, "GET": 4, "LIST": 9, "DELETE": 2})
    path = f"{_ROOT}/{quoted(_name(chance))}"
    if what == "POST":
        return chance.sends("POST", _ROOT, _namespace_values(chance))
    if what == "PUT":
        return chance.sends("PUT", path, _namespace_values(chance))
    if what == "LIST":
        return Draft("GET", _ROOT + _namespaces_query(chance))
    if what == "GET":
        return Draft("GET", path + chance.query(resource_type=chance.good(*TYPES, "x")))
    return Draft(what, path)


def definition(chance: Chance) -> Draft:
    """Return a request for what a namespace holds."""
    kind = chance.one("objects", "properties", "tags", "resource_types")
    path = f"{_ROOT}/{quoted(_name(chance))}/{kind}"
    what = chance.weighted({"WRITE": 21, "GET": 5, "LIST": 7, "DELETE": 4, "CLEAR": 1})
    if what == "LIST":
        page = chance.page(("name", "created_at", "updated_at", "id", "junk"), THINGS)
        return Draft("GET", path + chance.query(**page, resource_type=chance.good(*TYPES)))
    if what == "CLEAR":
        return Draft("DELETE", path)
    if what == "WRITE":
        writes = {"resource_types": _association, "tags": _tag}.get(kind, _content)
        return writes(chance, path)
    names = TYPES if kind == "resource_types" else THINGS
    return Draft(what, f"{path}/{quoted(chance.value(*names))}")


def _name(chance: Chance) -> str:
    return "missing" if chance.rarely() else str(chance.one(*NAMESPACES[:2], *NAMESPACES))


def _namespace_values(chance: Chance) -> dict[str, Any]:
    return {"namespace": _name(chance)} | {
        name: chance.mostly_first(choices)
        for name, choices in _NAMESPACE.items()
        if chance.holds(0.3)
    }


def _namespaces_query(chance: Chance) -> str:
    return chance.query(
        resource_types=chance.good(*TYPES, "x", ",".join(TYPES)),
        visibility=chance.good("public", "private"),
        owner=chance.good(*PROJECTS),
        namespace=chance.good(*NAMESPACES),
        protected=chance.good("true", "false"),
        junk=chance.good("x"),
        **chance.page(_KEYS, NAMESPACES),
    )


def _association(chance: Chance, path: str) -> Draft:
    more = chance.one({}, {"prefix": "p_"}, {"properties_target": "image"})
    return chance.sends("POST", path, {"name": chance.value(*TYPES)} | more)


def _tag(chance: Chance, path: str) -> Draft:
    one = f"{path}/{quoted(chance.value(*THINGS))}"
    what = chance.weighted({"PUT": 7, "POST": 11, "SEVERAL": 3})
    if what == "PUT":
        return chance.sends("PUT", one, {"name": chance.value(*THINGS)})
    if what == "POST":
        return Draft("POST", one)
    tags = [{"name": chance.one(*THINGS)} for _ in range(chance.one(0, 1, 2))]
    return chance.sends("POST", path, {"tags": tags})


def _content(chance: Chance, path: str) -> Draft:
    values: dict[str, Any] = {"name": chance.value(*THINGS)}
    if path.endswith("objects"):
        values |= {"description": chance.one("text", "other"), "required": chance.one([], ["p"])}
        values["properties"] = chance.one({}, {"p": _STRING}, {"p": 5})
    else:
        values |= {"title": "t", "type": chance.one("string", "integer", "junk")}
        values["enum"] = chance.one([], ["a"])
    if chance.holds(0.33):
        return chance.sends("PUT", f"{path}/{quoted(chance.value(*THINGS))}", values)
    return chance.sends("POST", path, values)
