"""Drivers with a fault each, and the programs that show it, by what the emitted test is about."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simple_db.model.errors import NotFound
from simple_db.oracle.programs.calls import Call, location_id, member_id
from tests.support.broken import broken_target, evidence_of
from tests.support.faults_shown import api

if TYPE_CHECKING:
    from simple_db import Database
    from simple_db.oracle.findings.evidence import Evidence
    from simple_db.oracle.programs.calls import Program
    from simple_db.oracle.targets.target import DriverTarget

Change = Callable[[Any], Any]
Functions = dict[str, Callable[..., Any]]

LONG_AGO = dt.datetime(2020, 1, 1)  # noqa: DTZ001 - naive UTC, as every time in the database
LOCATION = {"url": "file:///a", "metadata": {}, "status": "active"}


def image(image_id: str = "image-1", **values: Any) -> Call:
    return api.image_create("admin", {"id": image_id, "status": "active"} | values)


def update(context: str = "admin", **values: Any) -> Call:
    return api.image_update(context, "image-1", values)


def cached(**details: Any) -> Program:
    node = "http://here"
    return (
        api.node_reference_create("admin", node),
        api.insert_cache_details("admin", node, "image-1", 1, **details),
        api.get_cached_images("admin", node),
    )


GET = api.image_get("admin", "image-1")
BY_ID = api.image_get_all("admin", sort_key=["id"])
PENDING = api.image_member_create("admin", {"image_id": "image-1", "member": "pending"})
ACCEPTED = api.image_member_create("admin", {"image_id": "image-1", "member": "accepted"})
MEMBERS = api.image_member_find("admin", image_id="image-1")
TAG = api.image_tag_create("admin", "image-1", "t")
TAGS = api.image_tag_get_all("admin", "image-1")
NAMESPACE = api.metadef_namespace_create(
    "admin", {"namespace": "n", "owner": "alice", "visibility": "private"}
)


def altered(function: str, change: Change) -> Functions:
    """Let a function answer what the change makes of its answer."""

    def answer(db: Database, *args: Any, **kwargs: Any) -> Any:
        return change(getattr(db, function)(*args, **kwargs))

    return {function: answer}


def raising(function: str, error: Exception) -> Functions:
    """Let a function raise the error, whatever it is given."""

    def refuse(_db: Database, *_args: Any, **_kwargs: Any) -> Any:
        raise error

    return {function: refuse}


def with_column(key: str, value: Any) -> Change:
    return lambda row: row | {key: value}


def in_rows(change: Change) -> Change:
    return lambda rows: [change(row) for row in rows]


def in_last_row(change: Change) -> Change:
    return lambda rows: [*rows[:-1], change(rows[-1])]


def in_children(key: str, change: Change) -> Change:
    return lambda row: row | {key: change(row[key])}


def without(key: str) -> Change:
    return lambda row: {name: value for name, value in row.items() if name != key}


def lax(db: Database, _context: Any, image_id: str, values: Any, **options: Any) -> Any:
    """Update an image, whoever asks."""
    return db.image_update(None, image_id, values, **options)


def misspelt(db: Database, context: Any, image_id: str, value: str) -> Any:
    """Add another tag."""
    db.image_tag_create(context, image_id, f"{value}!")
    return value


def leaving_its_trace(db: Database, context: Any, values: Any, **options: Any) -> Any:
    """Create an image, also if that is forbidden."""
    try:
        return db.image_create(context, values, **options)
    except Exception:
        db.image_create(None, values, **options)
        raise


NO = KeyError("no")
MEMBER = member_id("image-1", "pending")
BOTH = [LOCATION | {"id": location_id("image-1", place)} for place in (0, 1)]
TWO_PLACES = [LOCATION, LOCATION | {"url": "file:///b"}]
LONG_PLACES = [LOCATION, LOCATION | {"url": f"file:///{'a' * 60}"}]
LONG_METADATA = [LOCATION | {"metadata": {"a": ["x" * 30, "y" * 40]}}]

GOT = (image(), GET)
CHANGED = (image(), update(name="a"))
ONE, TWO = (image(), BY_ID), (image(), image("image-2"), BY_ID)
TAGGED = (image(), TAG)
ONE_MEMBER, TWO_MEMBERS = (image(), PENDING, MEMBERS), (image(), PENDING, ACCEPTED, MEMBERS)
NAMESAKES = (image(), PENDING, PENDING, MEMBERS)
OBJECTS = [api.metadef_object_create("admin", "n", {"name": name}) for name in "ab"]

_get = functools.partial(altered, "image_get")
_list = functools.partial(altered, "image_get_all")
_update = functools.partial(altered, "image_update")
_find = functools.partial(altered, "image_member_find")
_cache = altered("get_cached_images", in_rows(with_column("last_modified", 0.0)))
_objects = altered("metadef_object_get_all", in_last_row(with_column("namespace_id", 99)))

CASES: dict[str, tuple[Functions, Program]] = {
    "an error": ({"image_update": lax}, (image(owner="alice"), update("stranger", name="a"))),
    "no error": (raising("image_update", NO), (image(), update(name="a", size=None))),
    "no error, and a list": (raising("image_get_all", NO), TWO),
    "no error, and rows without names": (raising("image_member_find", NO), NAMESAKES),
    "no error, and no row": (raising("image_member_find", NotFound("no")), (image(), MEMBERS)),
    "nothing": (
        altered("image_tag_delete", lambda _: "t"),
        (*TAGGED, api.image_tag_delete("admin", "image-1", "t")),
    ),
    "a number": (
        altered("image_member_count", lambda count: count + 1),
        (image(), api.image_member_count("admin", "image-1")),
    ),
    "a long text": (
        altered("image_tag_create", str.upper),
        (image(), api.image_tag_create("admin", "image-1", "a" * 50)),
    ),
    "a value": (_get(with_column("status", "killed")), GOT),
    "a value that was given": (
        _get(with_column("created_at", None)),
        (image(created_at=LONG_AGO), GET),
    ),
    "a value of one of several rows": (_list(in_last_row(with_column("name", "b"))), TWO),
    "a value of one of several properties": (
        _get(in_children("properties", in_rows(with_column("value", "1")))),
        (image(properties={"p": "1", "q": "2"}), GET),
    ),
    "a value of rows without names": (
        _find(in_last_row(with_column("status", "accepted"))),
        NAMESAKES,
    ),
    "a long value": (
        _get(in_children("locations", in_rows(with_column("metadata", {})))),
        (image(locations=LONG_METADATA), GET),
    ),
    "a key that is missing": (_get(without("os_hidden")), GOT),
    "a key too many": (_get(with_column("colour", "red")), GOT),
    "a row that is missing": (_list(lambda rows: rows[1:]), ONE),
    "a row too many": (_list(lambda rows: [*rows, *rows]), ONE),
    "a row where there is none": (altered("image_tag_get_all", lambda _: ["t"]), (image(), TAGS)),
    "rows in any order": (_find(lambda rows: rows[1:]), TWO_MEMBERS),
    "texts in any order": (
        altered("image_tag_get_all", lambda tags: tags[1:]),
        (image(), api.image_tag_set_all("admin", "image-1", ["b", "a"]), TAGS),
    ),
    "an order": (_list(lambda rows: rows[::-1]), TWO),
    "the order of texts": (
        _get(in_children("locations", lambda rows: rows[::-1])),
        (image(locations=TWO_PLACES), GET),
    ),
    "a time that is there": (_get(with_column("updated_at", None)), GOT),
    "a time that is renewed": (
        _update(lambda row: row | {"updated_at": row["created_at"]}),
        CHANGED,
    ),
    "a time that is kept": (
        altered("image_create", with_column("updated_at", LONG_AGO)),
        (image(),),
    ),
    "the time of a call": (_update(with_column("created_at", LONG_AGO)), CHANGED),
    "the time of the last call": (_update(with_column("updated_at", LONG_AGO)), CHANGED),
    "an id that stays": (_find(in_rows(with_column("id", 99))), ONE_MEMBER),
    "an id that is there": (_find(in_rows(with_column("id", None))), ONE_MEMBER),
    "the state": ({"image_tag_create": misspelt}, TAGGED),
    "the state after an error": (
        {"image_create": leaving_its_trace},
        (api.image_create("stranger", {"id": "image-1", "status": "active", "owner": "a"}),),
    ),
    "a row that is looked for": (
        altered("image_member_update", with_column("can_share", True)),
        (image(), PENDING, api.image_member_update("admin", MEMBER, {"status": "accepted"})),
    ),
    "rows that are looked for": (
        _update(with_column("name", "b")),
        (image(locations=TWO_PLACES), update(locations=BOTH)),
    ),
    "a row that is not there": (
        raising("image_member_delete", NO),
        (image(), api.image_member_delete("admin", MEMBER)),
    ),
    "a time of the cache": (_cache, cached(last_modified=LONG_AGO)),
    "the time of a call in the cache": (_cache, cached()),
    "an id that rows share": (
        _objects,
        (NAMESPACE, *OBJECTS, api.metadef_object_get_all("admin", "n")),
    ),
    "a value of a row of a long name": (
        _get(in_children("locations", in_last_row(with_column("status", "x")))),
        (image(locations=LONG_PLACES), GET),
    ),
    "a caller of no context": (
        raising("image_set_property_atomic", NO),
        (api.image_set_property_atomic("image-1", "p", "1"),),
    ),
}


def shown(case: str) -> tuple[DriverTarget, Evidence]:
    """Return the driver of a case, and the evidence of its fault."""
    functions, program = CASES[case]
    target = broken_target(**functions)
    return target, evidence_of(target, *program)
