"""What Glance's SQL driver does on a database server, and neither on SQLite nor in simple_db.

Each is a row of docs/semantics.md; `tests.test_other_databases` shows it on the servers.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from attrs import frozen

from simple_db.oracle.programs.calls import Call, Program, call, location_id

if TYPE_CHECKING:
    from collections.abc import Mapping

POSTGRESQL = "postgresql"
MARIADB = "mysql"


@frozen
class Case:
    """A program whose last call answers otherwise on some database.

    Attributes:
        row: Of docs/semantics.md.
        program: What is called.
        here: What simple_db, and the driver on SQLite, come to: what is looked at in the answer,
            or the name of an exception.
        there: The same for the databases that part from it, by their names in URLs.
        answer: The key that is looked at, in each row if the answer is a list.
    """

    row: str
    program: Program
    here: Any
    there: Mapping[str, Any]
    answer: str = "id"


def an_image(image_id: str = "a", **values: Any) -> Call:
    return call("image_create", "admin", values={"id": image_id, "status": "active"} | values)


def listed(**given: Any) -> Call:
    return call("image_get_all", "admin", **given)


def a_cached_image(**values: Any) -> Program:
    cached = {"node_reference_url": "here", "image_id": "a", "filesize": 1} | values
    return (
        call("node_reference_create", "admin", node_reference_url="here"),
        call("insert_cache_details", "admin", **cached),
        call("get_cached_images", "admin", node_reference_url="here"),
    )


def a_location(url: str, **values: Any) -> dict[str, Any]:
    return {"url": url, "metadata": {}, "status": "active"} | values


A_TIME = dt.datetime(2020, 1, 1, microsecond=500_000)  # noqa: DTZ001 - naive UTC, as in the database
A_WIDE_NAME = "a" * 256
A_LONG_VALUE = "a" * 2**16
A_FACE = "\N{GRINNING FACE}"

CASES = (
    Case(
        "S1",
        (an_image("a", owner="a"), an_image("b"), listed(sort_key=["owner"], sort_dir=["asc"])),
        ["b", "a"],
        {POSTGRESQL: ["a", "b"]},
    ),
    Case("S2", (an_image(name="Name"), listed(filters={"name": "name"})), [], {MARIADB: ["a"]}),
    Case("S2", (an_image(name="name "), listed(filters={"name": "name"})), [], {MARIADB: ["a"]}),
    Case("S2", (an_image(name="näme"), listed(filters={"name": "name"})), [], {MARIADB: ["a"]}),
    Case(
        "S2",
        (
            an_image(owner="Alice", visibility="private"),
            call("image_get_all", "alice"),
        ),
        [],
        {MARIADB: ["a"]},
    ),
    Case(
        "S2",
        (an_image(properties={"os": "a", "OS": "a"}),),
        "a",
        {MARIADB: "DBDuplicateEntry"},
    ),
    Case(
        "S3",
        (an_image(created_at=A_TIME), call("image_get", "admin", image_id="a")),
        A_TIME,
        {MARIADB: A_TIME.replace(microsecond=0)},
        answer="created_at",
    ),
    Case(
        "S4",
        (an_image(name=A_WIDE_NAME), call("image_get", "admin", image_id="a")),
        A_WIDE_NAME,
        {POSTGRESQL: "DBError", MARIADB: "DBDataError"},
        answer="name",
    ),
    Case(
        "S5",
        (an_image(properties={"a": A_LONG_VALUE}),),
        "a",
        {MARIADB: "DBDataError"},
    ),
    Case(
        "S6",
        a_cached_image(hits=2**31),
        [2**31],
        {POSTGRESQL: "DBError", MARIADB: "DBDataError"},
        answer="hits",
    ),
    Case(
        "S7",
        (call("metadef_resource_type_create", "admin", values={"name": A_FACE}),),
        A_FACE,
        {MARIADB: "DBError"},
        answer="name",
    ),
    Case("S8", (an_image(name="a\0"),), "a\0", {POSTGRESQL: "DBError"}, answer="name"),
    Case(
        "S9",
        (
            an_image(locations=[a_location("first"), a_location("second")]),
            call(
                "image_location_update",
                "admin",
                image_id="a",
                location=a_location("first", id=location_id("a", 0), metadata={"a": 1}),
            ),
            listed(),
        ),
        [["first", "second"]],
        {POSTGRESQL: [["second", "first"]]},
        answer="locations",
    ),
    Case(
        "S10",
        (
            an_image(owner="alice", visibility="private"),
            call(
                "image_update",
                "alice",
                image_id="a",
                values={"id": "a", "owner": "bob", "locations": [a_location("lost", id=99)]},
            ),
        ),
        "NotFound",
        {MARIADB: "Forbidden"},
    ),
)
