"""Both sides of every difference from Glance's SQL driver: what it does, what simple_db does.

Each case is one small program. A case whose reference side fails tells that Glance has changed.
"""

from __future__ import annotations

import copy
import datetime as dt
import functools
import types
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from simple_db import Database, RequestContext
from simple_db.oracle.semantics import ROWS
from tests.support.build import UUID
from tests.support.reference import SqlDriver
from tests.support.world import BEGINNING, World

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[..., Any]
    Program = Callable[[Call], Any]

pytestmark = pytest.mark.glance

ADMIN = RequestContext(is_admin=True)
ALICE = RequestContext(owner="alice")
BOB = RequestContext(owner="bob")
AHEAD = dt.timezone(dt.timedelta(hours=2))
A_DAY_LATER = BEGINNING + dt.timedelta(days=1)

# --- programs ---------------------------------------------------------------------------------


def does(function: str, *args: Any, **kwargs: Any) -> Program:
    return lambda call: call(function, *copy.deepcopy(args), **copy.deepcopy(kwargs))


def after(*programs: Program) -> Program:
    """Run all programs, and give the answer of the last."""
    return lambda call: [program(call) for program in programs][-1]


def part(key: str, program: Program) -> Program:
    """Give one key of the answer, or of each dict in it."""

    def of_answer(call: Call) -> Any:
        answer = program(call)
        return [row[key] for row in answer] if isinstance(answer, list) else answer[key]

    return of_answer


def trace(program: Program, look: Program) -> Program:
    """Give the name of the exception that one program raises, if any, and the answer of another."""

    def both(call: Call) -> Any:
        try:
            program(call)
        except Exception as error:  # noqa: BLE001 - of either side
            return type(error).__name__, look(call)
        return None, look(call)

    return both


def arguments_of(function: str, *args: Any, **kwargs: Any) -> Program:
    """Give the keyword arguments after the call, or else its last argument."""

    def after_call(call: Call) -> Any:
        given, named = copy.deepcopy(args), copy.deepcopy(kwargs)
        call(function, *given, **named)
        return named or given[-1]

    return after_call


def new_image(image_id: str, **values: Any) -> Program:
    return does("image_create", ADMIN, {"id": image_id, "status": "queued"} | values)


def created(**value: Any) -> Program:
    """Create an image with one value more, and give that value of it."""
    [key] = value
    return part(key, does("image_create", ADMIN, {"id": "other", "status": "queued"} | value))


def updated(**value: Any) -> Program:
    """Change one value of the image, and give it."""
    [key] = value
    return part(key, does("image_update", ADMIN, "image", value))


def located(metadata: Any) -> Program:
    """Add a location, and give the metadata of all."""
    location = {"url": "file:///b", "metadata": metadata, "status": "active"}
    return after(
        does("image_location_add", ADMIN, "image", location),
        part("metadata", part("locations", does("image_get", ADMIN, "image"))),
    )


def listed(**query: Any) -> Program:
    return part("id", does("image_get_all", ADMIN, **query))


def filtered(**filters: Any) -> Program:
    return listed(filters=filters)


def member(image_id: str, project: str) -> Program:
    return does("image_member_create", ADMIN, {"image_id": image_id, "member": project})


def task(**values: Any) -> Program:
    given = {"id": "task", "type": "import", "status": "pending", "owner": "alice"}
    return part("id", does("task_create", ADMIN, given | values))


def tasks_listed(**filters: Any) -> Program:
    return after(task(), part("id", does("task_get_all", ADMIN, filters=filters)))


def noted(size: int, **values: Any) -> Program:
    return does("insert_cache_details", ADMIN, "http://here", "image", size, **values)


def namespace(name: str = "ns", **values: Any) -> Program:
    given = {"namespace": name, "owner": "alice", "visibility": "private"}
    return does("metadef_namespace_create", ADMIN, given | values)


def defined(function: str, *args: Any, **kwargs: Any) -> Program:
    """Make a namespace of alice's with two of everything and one of bob's, and call a function."""
    association = {"name": "server", "properties_target": None, "prefix": None}
    return after(
        namespace(),
        namespace("bobs", owner="bob"),
        *(
            does(f"metadef_{kind}_create", ADMIN, "ns", {"name": name})
            for kind in ("object", "property", "tag")
            for name in ("one", "two")
        ),
        does("metadef_resource_type_association_create", ADMIN, "ns", association),
        does("metadef_resource_type_create", ADMIN, {"name": "system", "protected": True}),
        does("metadef_resource_type_create", ADMIN, {"name": "bare"}),
        does(function, *args, **kwargs),
    )


def with_a_uuid(function: str) -> Program:
    """Make an image and a task whose id is the text of a UUID, and ask for it by the UUID."""
    return after(
        new_image(UUID), member(UUID, "bob"), task(id=UUID), does(function, ADMIN, uuid.UUID(UUID))
    )


def number_over_text(call: Call) -> Any:
    call("image_update", ADMIN, "image", {"properties": {"p": 1}})
    row = call("image_get", ADMIN, "image")["properties"][0]
    return row["value"], row["updated_at"]


TAGGED = does("image_tag_create", ADMIN, "image", "t")
DESTROYED = does("image_destroy", ADMIN, "image")
NODE = does("node_reference_create", ADMIN, "http://here")
A_LOCATION = {"url": "file:///a", "metadata": {}, "status": "active"}

IMAGE = after(
    new_image(
        "image",
        name="one",
        status="active",
        owner="alice",
        size=5,
        created_at=BEGINNING,
        properties={"p": "1", "metadata": "x"},
        locations=[A_LOCATION],
    ),
    TAGGED,
    member("image", "bob"),
)
"""What every program finds."""

NULL_SIZES = (new_image("a"), new_image("b"), new_image("c", size=-1))
BY_SIZE: dict[str, Any] = {"sort_key": ["size"], "sort_dir": ["asc"]}

# SQLAlchemy 2.0, of the time of Glance 31 and 32, makes a statement of a relation.
BY_A_RELATION = "OperationalError" if sa.__version__.startswith("2.0.") else "NotImplementedError"

# A row of docs/semantics.md, what the SQL driver does, what simple_db does, and the programs that
# show it. What is done is the answer, as Python writes it, or the name of an exception.
GROUPS: dict[str, list[Program]] = {
    # --- errors
    "D1: DBReferenceError -> ImageNotFound": [
        does("image_tag_create", ADMIN, "missing", "t"),
        does("image_tag_set_all", ADMIN, "missing", ["t"]),
        member("missing", "bob"),
        does("image_member_update", ADMIN, 1, {"image_id": "missing"}),
        does("image_property_create", ADMIN, {"image_id": "missing", "name": "p"}),
        does("image_set_property_atomic", "missing", "p", "1"),
        does("image_location_add", ADMIN, "missing", A_LOCATION),
    ],
    "D2: DBDuplicateEntry -> Duplicate": [after(task(), task())],
    "D3: NoResultFound -> NotFound": [
        does("image_member_update", ADMIN, 99, {}),
        does("image_member_delete", ADMIN, 99),
        does("image_property_delete", ADMIN, "never set", "image"),
    ],
    "D4: DBDuplicateEntry -> Duplicate": [
        does("image_property_create", ADMIN, {"image_id": "image", "name": "p"}),
        after(
            does("image_property_delete", ADMIN, "p", "image"),
            does("image_property_create", ADMIN, {"image_id": "image", "name": "p", "value": "2"}),
        ),
    ],
    "D5: MultipleResultsFound -> Duplicate": [
        after(TAGGED, does("image_tag_delete", ADMIN, "image", "t"))
    ],
    "D6: DBReferenceError -> Conflict": [
        after(DESTROYED, does("purge_deleted_rows_from_images", ADMIN, -1, -1))
    ],
    "D7: TypeError -> Invalid": [does("image_location_update", ADMIN, "image", A_LOCATION)],
    "D7: KeyError -> Invalid": [
        does("image_location_add", ADMIN, "image", {"url": "file:///a", "metadata": {}})
    ],
    "D8: LookupError -> Invalid": [created(visibility="bogus")],
    "D8: ValueError -> Invalid": [created(size="many")],
    "D8: DBError -> Invalid": [
        created(size=2**63),
        created(os_hidden="no"),
        created(created_at="2026-01-01"),
        created(name=["one"]),
        updated(protected="no"),
        updated(properties={"p": [1]}),
    ],
    "D8: DBInvalidUnicodeParameter -> Invalid": [created(name="\ud800")],
    "D9: DBError -> Invalid": [
        updated(visibility=None),
        updated(min_disk=None),
        updated(status=None),
        does("image_member_update", ADMIN, 1, {"status": None}),
        does("image_member_create", ADMIN, {"image_id": "image"}),
        does("image_tag_create", ADMIN, "image", None),
        does("image_property_create", ADMIN, {"image_id": "image", "name": None}),
        does("metadef_namespace_create", ADMIN, {"namespace": "ns"}),
        does("metadef_resource_type_create", ADMIN, {"protected": True}),
        defined("metadef_object_create", ADMIN, "ns", {}),
        defined("metadef_property_update", ADMIN, "ns", 1, {"json_schema": None}),
        defined("metadef_tag_create_tags", ADMIN, "ns", [{"name": None}]),
    ],
    "D10: AttributeError -> Invalid": [
        created(properties=None),
        updated(locations={"url": "file:///a"}),
    ],
    "D10: TypeError -> Invalid": [
        does("image_tag_set_all", ADMIN, "image", None),
        does("purge_deleted_rows", ADMIN, None, 1),
    ],
    "D10: ValueError -> Invalid": [listed(limit="many")],
    "D11: AttributeError -> ['a', 'b']": [
        after(new_image("other", tags=["a", "b", "a"]), does("image_tag_get_all", ADMIN, "other"))
    ],
    "D12: AttributeError -> 'image'": [
        part("id", does("image_get", types.SimpleNamespace(is_admin=True, owner=None), "image"))
    ],
    f"D13: DBError -> {[BEGINNING.timestamp()]!r}": [
        after(
            NODE,
            noted(1, last_accessed=BEGINNING.isoformat()),
            part("last_accessed", does("get_cached_images", ADMIN, "http://here")),
        )
    ],
    "D14: ImageNotFound -> Invalid": [
        after(new_image("bare"), does("image_update", ADMIN, "bare", {"id": "other"}))
    ],
    "D14: DBReferenceError -> Invalid": [
        updated(id="other"),
        after(task(), does("task_update", ADMIN, "task", {"id": "other"})),
    ],
    "D14: DBDuplicateEntry -> Invalid": [after(new_image("taken"), updated(id="taken"))],
    "D15: AttributeError -> InvalidParameterValue": [
        filtered(name=1),
        filtered(created_at=BEGINNING),
        listed(filters={"changes-since": None}),
        does("metadef_namespace_get_all", ADMIN, filters={"resource_types": None}),
    ],
    "D15: AttributeError -> Invalid": [filtered(properties=None)],
    "D15: TypeError -> Invalid": [filtered(tags=None)],
    "D15: TypeError -> InvalidFilterRangeValue": [filtered(size_min=[1])],
    "D15: DBError -> Invalid": [filtered(p=[1])],
    "D15: DBError -> InvalidParameterValue": [filtered(size=[1])],
    "D15: ArgumentError -> Invalid": [
        does("metadef_namespace_get_all", ADMIN, filters={"id_list": 1})
    ],
    "D16: AttributeError -> Invalid": [filtered(unknown_min=1)],
    "D17: KeyError -> InvalidSortDir": [listed(sort_dir=["ASC"])],
    "D18: AssertionError -> Invalid": [
        listed(sort_key=["name"], sort_dir=["asc", "asc"]),
        listed(sort_key=["name", "size", "id"], sort_dir=["asc", "asc"]),
    ],
    f"D19: {BY_A_RELATION} -> InvalidSortKey": [listed(sort_key=["properties"])],
    "D19: ArgumentError -> InvalidSortKey": [listed(sort_key=["save"])],
    "D20: KeyError -> Invalid": [does("is_image_visible", BOB, {"id": "image", "owner": "alice"})],
    "D21: NoResultFound -> Invalid": [does("image_member_update", ADMIN, 99, {"status": None})],
    "D21: Conflict -> Invalid": [
        does("image_update", ADMIN, "image", {"visibility": "bogus"}, from_state="queued")
    ],
    # --- traces
    "D22: ('Forbidden', ['hidden']) -> ('Forbidden', [])": [
        trace(
            does("image_create", ALICE, {"id": "hidden", "status": "queued", "owner": "bob"}),
            filtered(id="hidden"),
        )
    ],
    "D23: ('Forbidden', 'bob') -> ('Forbidden', 'alice')": [
        after(
            task(),
            trace(
                does("task_update", ALICE, "task", {"owner": "bob"}),
                part("owner", does("task_get", ADMIN, "task")),
            ),
        )
    ],
    "D24: {'filters': {}, 'sort_key': ['name', 'created_at', 'id'], "
    "'sort_dir': ['asc', 'asc', 'asc']} -> "
    "{'filters': {'visibility': 'all'}, 'sort_key': ['name'], 'sort_dir': ['asc']}": [
        arguments_of(
            "image_get_all",
            ADMIN,
            filters={"visibility": "all"},
            sort_key=["name"],
            sort_dir=["asc"],
        )
    ],
    "D24: {'image_id': 'image', 'member': 'carol', 'deleted': False, 'can_share': False}"
    " -> {'image_id': 'image', 'member': 'carol', 'deleted': True}": [
        arguments_of(
            "image_member_create", ADMIN, {"image_id": "image", "member": "carol", "deleted": True}
        )
    ],
    f"D24: {{'name': 'o', 'namespace_id': 1}} -> {{'name': 'o', 'created_at': {BEGINNING!r}}}": [
        after(
            namespace(),
            arguments_of(
                "metadef_object_create", ADMIN, "ns", {"name": "o", "created_at": BEGINNING}
            ),
        )
    ],
    # --- pages
    "D25: [] -> ['b', 'c', 'image']": [after(*NULL_SIZES, listed(marker="a", **BY_SIZE))],
    "D25: ['b'] -> ['b', 'c']": [
        after(
            namespace("c", description=""),
            namespace("a"),
            namespace("b"),
            part(
                "namespace",
                does(
                    "metadef_namespace_get_all",
                    ADMIN,
                    sort_key="description",
                    sort_dir="asc",
                    marker=2,
                ),
            ),
        )
    ],
    "D26: KeyError -> ['b']": [
        after(
            *NULL_SIZES, listed(marker="a", limit=1, sort_key=["os_hidden", "id"], sort_dir=["asc"])
        )
    ],
    "D27: ['other'] -> ['other', 'image']": [
        after(
            TAGGED,
            new_image("other"),
            does("image_tag_create", ADMIN, "other", "t"),
            does("image_tag_create", ADMIN, "other", "t"),
            listed(filters={"tags": ["t"]}, limit=2),
        )
    ],
    "D28: ['image'] -> Invalid": [listed(limit=-1)],
    "D28: ['two', 'one'] -> Invalid": [
        part("name", defined("metadef_tag_get_all", ADMIN, "ns", limit=-1))
    ],
    # --- values
    "D29: 1 -> Invalid": [created(size=1.5)],
    "D29: 1.5 -> Invalid": [updated(size=1.5)],
    "D30: 'many' -> Invalid": [updated(size="many")],
    "D31: '' -> Invalid": [updated(status="")],
    "D32: 'queued' -> ImageNotFound": [
        part("status", does("image_update", ADMIN, "", {"status": "queued"}))
    ],
    "D32: ('Forbidden', ['00000-generated', 'image']) -> ('ImageNotFound', ['image'])": [
        trace(does("image_update", ALICE, "", {"status": "queued", "owner": "bob"}), listed())
    ],
    f"D33: {BEGINNING!r} -> {BEGINNING - dt.timedelta(hours=2)!r}": [
        created(created_at=BEGINNING.replace(tzinfo=AHEAD))
    ],
    "D34: 77 -> 2": [
        part(
            "id", does("image_member_create", ADMIN, {"image_id": "image", "member": "b", "id": 77})
        )
    ],
    "D34: 7 -> 1": [part("id", namespace(id=7))],
    f"D35: [{{}}, {{'a': {2**80}}}] -> Invalid": [located({"a": 2**80})],
    r"D35: [{}, {'a': '\ud800'}] -> Invalid": [located({"a": "\ud800"})],
    "D35: [{}, {'a': [1]}] -> Invalid": [located({"a": {1}})],
    "D35: [{}, {'a': '2026-01-01T12:00:00.000000'}] -> Invalid": [located({"a": BEGINNING})],
    "D36: 'created_at deleted id image_id name updated_at'"
    " -> 'created_at deleted deleted_at id image_id name updated_at value'": [
        lambda call: " ".join(
            sorted(call("image_property_create", ADMIN, {"image_id": "image", "name": "new"}))
        )
    ],
    f"D37: {('1', A_DAY_LATER)!r} -> {('1', BEGINNING)!r}": [number_over_text],
    # --- filters
    "D38: ['image'] -> Invalid": [filtered(name_min=1), filtered(deleted_max=0)],
    "D39: ['image'] -> InvalidParameterValue": [
        filtered(created_at="gt:2025-2-1"),
        filtered(created_at="gt:2025-0201"),
        filtered(created_at="gt:2025-02-01T10:11:1"),
    ],
    "D40: [] -> ['image']": [filtered(metadata="x")],
    # --- members, cache, purge, context
    "D41: DBDuplicateEntry -> True": [after(member("image", "bob"), part("deleted", DESTROYED))],
    "D42: PendingRollbackError -> None": [after(NODE, noted(1), noted(2))],
    "D43: None -> Invalid": [does("purge_deleted_rows", ADMIN, 0, -2)],
    "D44: None -> NotFound": [does("image_location_delete", ADMIN, "image", "1", "deleted")],
    "D45: ['a'] -> ['z']": [
        after(
            new_image("z"),
            does("image_destroy", ADMIN, "z"),
            new_image("a"),
            does("image_destroy", ADMIN, "a"),
            does("purge_deleted_rows_from_images", ADMIN, -1, 1),
            filtered(deleted=True),
        )
    ],
    "D45: ['carol'] -> ['alice']": [
        after(
            new_image("shared"),
            member("shared", "carol"),
            member("shared", "alice"),
            does("image_destroy", ADMIN, "shared"),
            does("purge_deleted_rows", ADMIN, -1, 1),
            part("member", does("image_member_find", ADMIN, "shared", None, None, True)),
        )
    ],
    "D46: AttributeError -> 'image'": [part("id", does("image_get", None, "image"))],
    # --- metadata definitions
    "D47: KeyError -> Invalid": [
        does("metadef_namespace_create", ADMIN, {"owner": "alice"}),
        defined("metadef_resource_type_association_create", ADMIN, "ns", {"name": "volume"}),
    ],
    **{
        f"D48: PendingRollbackError -> MetadefDuplicate{kind.title()}": [
            defined(f"metadef_{kind}_update", ADMIN, "ns", 1, {"name": "two"})
        ]
        for kind in ("object", "property")
    },
    **{
        f"D49: AttributeError -> {ours}": [
            part("name", defined("metadef_resource_type_delete", ADMIN, name))
        ]
        for name, ours in (
            ("bare", "'bare'"),
            ("server", "MetadefIntegrityError"),
            ("system", "ProtectedMetadefResourceTypeSystemDelete"),
        )
    },
    **{
        f"D50: 'mine' -> Metadef{kind.title()}NotFound": [
            part("name", defined(f"metadef_{kind}_update", BOB, "bobs", 1, {"name": "mine"}))
        ]
        for kind in ("object", "property", "tag")
    },
    "D50: [] -> MetadefTagNotFound": [defined("metadef_tag_get_all", BOB, "bobs", marker=1)],
    "D51: 9 -> Invalid": [
        part("id", defined("metadef_namespace_update", ADMIN, 2, {"id": 9})),
        part("id", defined("metadef_object_update", ADMIN, "ns", 1, {"id": 9})),
    ],
    "D51: 2 -> Invalid": [
        part("namespace_id", defined("metadef_tag_update", ADMIN, "ns", 1, {"namespace_id": 2}))
    ],
    "D51: KeyError -> Invalid": [defined("metadef_namespace_update", ADMIN, 2, {"id": 1})],
    "D51: DBReferenceError -> Invalid": [
        defined("metadef_tag_update", ADMIN, "ns", 1, {"namespace_id": 99})
    ],
    **{
        f"D52: {reference} -> {ours}": [
            defined("metadef_tag_get_all", ADMIN, "ns", **query),
            defined("metadef_namespace_get_all", ADMIN, **query),
        ]
        for query, reference, ours in (
            ({"sort_key": "bogus"}, "InvalidSortKey", "InvalidSortKey"),
            ({"sort_key": ["name"]}, "TypeError", "InvalidSortKey"),
            ({"sort_dir": "up"}, "ValueError", "InvalidSortDir"),
        )
    },
    "D53: ['one', 'two'] -> InvalidSortDir": [
        part(
            "name",
            defined("metadef_tag_get_all", ADMIN, "ns", sort_key="name", sort_dir="asc-nullslast"),
        )
    ],
    "D54: ArgumentError -> ['task']": [tasks_listed(info="x")],
    "D54: [] -> ['task']": [tasks_listed(metadata="x"), tasks_listed(values="x")],
    "D55: ['a', 'b'] -> ['b', 'a']": [
        after(
            namespace(),
            does("metadef_object_create", ADMIN, "ns", {"name": "b"}),
            does("metadef_object_create", ADMIN, "ns", {"name": "a"}),
            part("name", does("metadef_object_get_all", ADMIN, "ns")),
        )
    ],
    "D56: 5 -> '5'": [
        part("namespace", does("metadef_namespace_create", ADMIN, {"namespace": 5, "owner": "a"}))
    ],
    "D56: {'a': (1,)} -> {'a': [1]}": [
        part(
            "json_schema",
            defined("metadef_property_update", ADMIN, "ns", 1, {"json_schema": {"a": (1,)}}),
        )
    ],
    "D57: 1 -> MetadefNamespaceNotFound": [
        part("id", defined("metadef_namespace_update", ADMIN, "1", {}))
    ],
    "D57: [1] -> []": [
        part("id", defined("metadef_namespace_get_all", ADMIN, filters={"id_list": ["1"]}))
    ],
    "D57: '5' -> MetadefResourceTypeNotFound": [
        after(
            does("metadef_resource_type_create", ADMIN, {"name": "5"}),
            part("name", does("metadef_resource_type_get", ADMIN, 5)),
        )
    ],
    # --- ids
    f"D58: DBError -> {UUID!r}": [created(id=uuid.UUID(UUID))],
    f"D58: TypeError -> {UUID!r}": [part("id", with_a_uuid("image_get"))],
    f"D58: TaskNotFound -> {UUID!r}": [part("id", with_a_uuid("task_get"))],
    "D58: [] -> ['bob']": [part("member", with_a_uuid("image_member_find"))],
    **{f"D59: {task_id!r} -> Invalid": [task(id=task_id)] for task_id in ("", "t" * 37)},
    **{
        f"D59: ({error!r}, [{image_id!r}, 'image']) -> ('Invalid', ['image'])": [
            trace(new_image(image_id), listed())
        ]
        for image_id, error in (("i" * 37, "ImageNotFound"), ("", None))
    },
    "D60: ('TypeError', ['5', 'image']) -> (None, ['5', 'image'])": [
        trace(does("image_create", ADMIN, {"id": 5, "status": "queued"}), listed())
    ],
    "D61: ('Forbidden', 'bob') -> ('Forbidden', 'alice')": [
        trace(
            does("image_update", ALICE, "image", {"id": "image", "owner": "bob"}),
            part("owner", does("image_get", ADMIN, "image")),
        )
    ],
}

REFERENCE, OURS = 0, 1  # the places of the two sides


@functools.cache
def sql_driver() -> tuple[World, SqlDriver]:
    world = World()
    return world, SqlDriver(world)


def outcome(program: Program, call: Call, world: World) -> str:
    """Give what the program returns a day later, or the name of the exception's class."""
    IMAGE(call)
    world.pass_time(days=1)
    try:
        return repr(program(call))
    except Exception as error:  # noqa: BLE001 - of either side
        return type(error).__name__


def row_of(group: str) -> str:
    return group.partition(":")[0]


def cases(side: int) -> list[Any]:
    return [
        pytest.param(
            program,
            group.partition(": ")[2].split(" -> ")[side],
            id=f"{row_of(group)} {ROWS[row_of(group)][0]}",
        )
        for group, programs in GROUPS.items()
        for program in programs
    ]


@pytest.mark.parametrize(("program", "expected"), cases(REFERENCE))
def test_the_sql_driver_does_what_the_difference_says(program: Program, expected: str) -> None:
    world, driver = sql_driver()
    world.restart()
    driver.reset()
    assert outcome(program, driver.call, world) == expected


@pytest.mark.parametrize(("program", "expected"), cases(OURS))
def test_simple_db_does_what_the_difference_says(program: Program, expected: str) -> None:
    world = World()
    db = Database(clock=world.now, new_id=world.new_id)

    def call(function: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(db, function)(*args, **kwargs)

    assert outcome(program, call, world) == expected
    db.check()


def test_every_difference_has_a_case() -> None:
    assert set(map(row_of, GROUPS)) == {row for row in ROWS if row.startswith("D")}
