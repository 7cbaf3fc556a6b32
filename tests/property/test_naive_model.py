"""simple_db against a naive model: plain lists of dict rows, scanned from end to end.

The model is written from the documentation of the API and from what is ruled about it, with no
index, no record class and no parser: what it does not understand the machine does not ask it.
"""

from __future__ import annotations

import datetime as dt
from operator import itemgetter
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from simple_db import Database, RequestContext
from simple_db.model.errors import SimpleDBError
from simple_db.oracle.programs.cast import MEMBER_STATUSES
from simple_db.oracle.programs.domain import IMAGE_IDS, OWNERS, STATUSES, VISIBILITIES
from tests.property import strategies as some
from tests.support.world import World

Row = dict[str, Any]


class Refused(Exception):  # noqa: N818 - a model's answer, of which the name is what counts
    """A call is refused, with the error whose name this has."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Refused) and other.args == self.args

    __hash__ = None  # type: ignore[assignment]  # it is equal by value


class Model:
    """Five lists, and functions that go through all of them every time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.images: list[Row] = []
        self.locations: list[Row] = []
        self.properties: list[Row] = []
        self.members: list[Row] = []
        self.tags: list[Row] = []
        self.last_ids = dict.fromkeys(("locations", "properties", "members", "tags"), 0)

    # --- rows --------------------------------------------------------------------------------

    def _common(self) -> Row:
        now = self.world.now()
        return {"created_at": now, "updated_at": now, "deleted_at": None, "deleted": False}

    def _add(self, table: str, **columns: Any) -> Row:
        self.last_ids[table] += 1
        row = {"id": self.last_ids[table]} | columns | self._common()
        getattr(self, table).append(row)
        return row

    def _delete(self, row: Row) -> None:
        now = self.world.now()
        row.update(deleted=True, deleted_at=now, updated_at=now)

    def _of(self, rows: list[Row], image_id: str) -> list[Row]:
        return [row for row in rows if row["image_id"] == image_id]

    def _live(self, rows: list[Row], image_id: str) -> list[Row]:
        return [row for row in self._of(rows, image_id) if not row["deleted"]]

    def _property(self, image_id: str, name: str) -> Row | None:
        return next(
            (row for row in self._of(self.properties, image_id) if row["name"] == name), None
        )

    # --- who ---------------------------------------------------------------------------------

    def is_image_mutable(self, context: RequestContext, image: Row) -> bool:
        if context.is_admin:
            return True
        return image["owner"] is not None and image["owner"] == context.owner

    def is_image_visible(
        self, context: RequestContext, image: Row, status: str | None = None
    ) -> bool:
        if self.is_image_mutable(context, image) or image["owner"] is None:
            return True
        if image["visibility"] != "shared":
            return image["visibility"] in ("public", "community")
        return any(
            row["member"] == context.owner and status in (None, row["status"])
            for row in self._live(self.members, image["id"])
        )

    def _image(self, context: RequestContext, image_id: str, *, force: bool = False) -> Row:
        for row in self.images:
            if row["id"] == image_id and (force or context.can_see_deleted or not row["deleted"]):
                if not self.is_image_visible(context, row):
                    raise Refused("Forbidden")
                return row
        raise Refused("ImageNotFound")

    def _changeable(self, context: RequestContext, image_id: str) -> Row:
        image = self._image(context, image_id)
        if not self.is_image_mutable(context, image):
            public = image["visibility"] in ("public", "community")
            raise Refused("ForbiddenPublicImage" if public else "Forbidden")
        return image

    def _exists(self, image_id: str) -> None:
        if all(row["id"] != image_id for row in self.images):
            raise Refused("ImageNotFound")

    # --- images ------------------------------------------------------------------------------

    def image_create(self, context: RequestContext, values: Row) -> Row:
        image_id = values.get("id", self.world.new_id())
        if any(row["id"] == image_id for row in self.images):
            raise Refused("Duplicate")
        defaults = dict.fromkeys(some.SORT_KEYS) | {
            "visibility": "shared",
            "min_disk": 0,
            "min_ram": 0,
            "protected": False,
            "os_hidden": False,
        }
        columns = {key: values[key] for key in values if key in defaults}
        image = defaults | self._common() | columns | {"id": image_id}
        if not self.is_image_visible(context, image):
            raise Refused("Forbidden")
        self.images.append(image)
        self._set_properties(image_id, values.get("properties", {}), purge=False)
        for location in values.get("locations", []):
            self.image_location_add(context, image_id, location)
        return self._told(context, image)

    def image_update(
        self, context: RequestContext, image_id: str, values: Row, purge_props: bool = False
    ) -> Row:
        image = self._changeable(context, image_id)
        columns = {key: values[key] for key in values if key in image}
        if not self.is_image_visible(context, image | columns):
            raise Refused("Forbidden")
        image.update(columns, updated_at=self.world.now())
        self._set_properties(image_id, values.get("properties", {}), purge=purge_props)
        return self._told(context, image)

    def _set_properties(self, image_id: str, properties: Row, *, purge: bool) -> None:
        for old in self._of(self.properties, image_id):
            if purge and old["name"] not in properties:
                self._delete(old)
        for name, value in properties.items():
            row = self._property(image_id, name)
            if row is None:
                self._add("properties", image_id=image_id, name=name, value=value)
            elif row["deleted"] or row["value"] != value:
                row.update(value=value, deleted=False, updated_at=self.world.now())

    def image_destroy(self, context: RequestContext, image_id: str) -> Row:
        image = self._changeable(context, image_id)
        self._delete(image)
        for row in self._live(self.locations, image_id):
            row["status"] = "deleted"
        for rows in (self.locations, self.properties, self.members, self.tags):
            for row in self._live(rows, image_id):
                self._delete(row)
        return self._told(context, image)

    def image_restore(self, context: RequestContext, image_id: str) -> None:
        image = self._image(context, image_id)
        if image["status"] != "pending_delete":
            raise Refused("Conflict")
        image.update(status="active", deleted=False, updated_at=self.world.now())

    def image_get(
        self, context: RequestContext, image_id: str, force_show_deleted: bool = False
    ) -> Row:
        image = self._image(context, image_id, force=force_show_deleted)
        return self._told(context, image, with_deleted=force_show_deleted)

    def _told(self, context: RequestContext, image: Row, *, with_deleted: bool = False) -> Row:
        locations = [
            {
                "id": row["id"],
                "url": row["url"],
                "metadata": row["metadata"],
                "status": row["status"],
            }
            for row in self._of(self.locations, image["id"])
            if with_deleted or not row["deleted"]
        ]
        hidden = image["status"] == "deactivated" and not context.is_admin
        return image | {
            "locations": [] if hidden else locations,
            "properties": self._of(self.properties, image["id"]),
        }

    def image_get_all(
        self,
        context: RequestContext,
        filters: Row,
        marker: str | None,
        limit: int | None,
        sort_key: list[str],
        sort_dir: list[str],
        member_status: str,
    ) -> list[Row]:
        rows = [
            row
            for row in self.images
            if self._is_listed(context, row, filters.get("visibility"), member_status)
            and self._matches(row, filters)
        ]
        deleted = bool(filters.get("deleted"))
        place = [] if marker is None else [self._image(context, marker, force=deleted)]
        ordered = [*rows, *(row for row in place if row not in rows)]
        for key in ("id", "created_at", *sort_key):
            ordered.sort(key=lambda row: (row[key] is not None, row[key]))
        if sort_dir == ["desc"]:
            ordered.reverse()
        start = 1 + ordered.index(place[0]) if place else 0
        page = ordered[start:][:limit]
        return [self._told(context, row, with_deleted=deleted) for row in page]

    def _is_listed(
        self, context: RequestContext, image: Row, visibility: str | None, member_status: str
    ) -> bool:
        owned = context.owner is not None and image["owner"] == context.owner
        shared = image["visibility"] == "shared" and any(
            context.owner is None
            or (row["member"] == context.owner and member_status in ("all", row["status"]))
            for row in self._live(self.members, image["id"])
        )
        public = image["visibility"] in ("public", "community")
        if visibility is None and image["visibility"] == "community" and not owned:
            return False
        wanted = visibility in (None, "all", image["visibility"])
        return wanted and (context.is_admin or owned or shared or public)

    def _matches(self, image: Row, filters: Row) -> bool:
        tags = [row["value"] for row in self._live(self.tags, image["id"])]
        columns = [key for key in filters if key in image and key != "visibility"]
        named = self._live(self.properties, image["id"])
        return (
            all(image[key] == filters[key] for key in columns)
            and all(tag in tags for tag in filters.get("tags", []))
            and all(
                any(row["name"] == name and row["value"] == value for row in named)
                for name, value in filters.get("properties", {}).items()
            )
            and (filters.get("deleted") is not False or image["status"] != "killed")
        )

    # --- children ----------------------------------------------------------------------------

    def image_location_add(self, _context: RequestContext, image_id: str, location: Row) -> None:
        self._exists(image_id)
        row = self._add("locations", image_id=image_id, **location)
        if row["status"] != "active":
            self._delete(row)

    def image_location_delete(
        self, _context: RequestContext, image_id: str, location_id: int, status: str
    ) -> None:
        for row in self._of(self.locations, image_id):
            if row["id"] == location_id:
                row["status"] = status
                return self._delete(row)
        raise Refused("NotFound")

    def image_set_property_atomic(self, image_id: str, name: str, value: Any) -> None:
        self._exists(image_id)
        row = self._property(image_id, name)
        if row is not None and not row["deleted"]:
            raise Refused("Duplicate")
        self._set_properties(image_id, {name: value}, purge=False)

    def image_delete_property_atomic(self, image_id: str, name: str, value: Any) -> None:
        row = self._property(image_id, name)
        if row is None or row["deleted"] or row["value"] != value:
            raise Refused("NotFound")
        self.properties.remove(row)

    def image_member_create(self, _context: RequestContext, values: Row) -> Row:
        self._exists(values["image_id"])
        return _member(self._add("members", **({"status": "pending", "can_share": False} | values)))

    def image_member_update(self, _context: RequestContext, memb_id: int, values: Row) -> Row:
        row = self._member(memb_id)
        before = dict(row)
        row.update({"can_share": False} | values, deleted=False)
        if row != before:
            row["updated_at"] = self.world.now()
        return _member(row)

    def image_member_delete(self, _context: RequestContext, memb_id: int) -> None:
        self._delete(self._member(memb_id))

    def _member(self, memb_id: int) -> Row:
        for row in self.members:
            if row["id"] == memb_id:
                return row
        raise Refused("NotFound")

    def image_member_find(
        self, context: RequestContext, image_id: str | None, member: str | None
    ) -> list[Row]:
        owners = {row["id"]: row["owner"] for row in self.images}
        return [
            _member(row)
            for row in self.members
            if not row["deleted"]
            and image_id in (None, row["image_id"])
            and member in (None, row["member"])
            and (context.is_admin or context.owner in (row["member"], owners[row["image_id"]]))
        ]

    def image_tag_create(self, _context: RequestContext, image_id: str, value: str) -> str:
        self._exists(image_id)
        self._add("tags", image_id=image_id, value=value)
        return value

    def image_tag_delete(self, _context: RequestContext, image_id: str, value: str) -> None:
        found = [row for row in self._live(self.tags, image_id) if row["value"] == value]
        if not found:
            raise Refused("NotFound")
        if len(found) > 1:
            raise Refused("Duplicate")
        self._delete(found[0])

    def image_tag_set_all(self, context: RequestContext, image_id: str, tags: list[str]) -> None:
        before = self.image_tag_get_all(context, image_id)
        removed = [tag for tag in before if tag not in tags]
        if set(tags) - set(before):
            self._exists(image_id)
        if len(removed) > len(set(removed)):
            raise Refused("Duplicate")
        for tag in tags:
            if tag not in self.image_tag_get_all(context, image_id):
                self._add("tags", image_id=image_id, value=tag)
        for tag in removed:
            self.image_tag_delete(context, image_id, tag)

    def image_tag_get_all(self, _context: RequestContext, image_id: str) -> list[str]:
        return [row["value"] for row in self._live(self.tags, image_id)]

    # --- usage, purge ------------------------------------------------------------------------

    def user_get_image_count(self, _context: RequestContext, owner: str | None) -> int:
        gone = ("killed", "pending_delete", "deleted")
        return sum(row["owner"] == owner and row["status"] not in gone for row in self.images)

    def user_get_storage_usage(self, _context: RequestContext, owner: str | None) -> int:
        gone = ("killed", "pending_delete", "deleted")
        return sum(
            max(0, image["size"] or 0)
            for image in self.images
            if image["owner"] == owner and image["status"] not in gone
            for row in self._of(self.locations, image["id"])
            if row["status"] != "deleted"
        )

    def user_get_uploading_count(self, _context: RequestContext, owner: str | None) -> int:
        uploading = ("saving", "uploading", "importing")
        return sum(row["owner"] == owner and row["status"] in uploading for row in self.images)

    def purge_deleted_rows(self, _context: RequestContext, age_in_days: int, max_rows: int) -> None:
        for rows in (self.locations, self.properties, self.members, self.tags):
            for row in self._old(rows, age_in_days, max_rows):
                rows.remove(row)

    def purge_deleted_rows_from_images(
        self, _context: RequestContext, age_in_days: int, max_rows: int
    ) -> None:
        old = self._old(self.images, age_in_days, max_rows)
        for rows in (self.locations, self.properties, self.members, self.tags):
            if any(self._of(rows, image["id"]) for image in old):
                raise Refused("Conflict")
        for row in old:
            self.images.remove(row)

    def _old(self, rows: list[Row], age_in_days: int, max_rows: int) -> list[Row]:
        before = self.world.now() - dt.timedelta(days=age_in_days)
        old = [row for row in rows if row["deleted_at"] and row["deleted_at"] < before]
        old.sort(key=itemgetter("deleted_at", "id"))
        return old if max_rows == -1 else old[:max_rows]


def _member(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != "deleted_at"}


# --- what the model understands: no conversions, no operators, no faults --------------------

_texts = st.one_of(st.sampled_from([None, "1", "x"]), some.texts)
_names = st.sampled_from(["p", "ünï"])
_properties = st.dictionaries(_names, _texts, max_size=2)
_columns: dict[str, st.SearchStrategy[Any]] = {
    "name": _texts,
    "size": st.one_of(st.none(), st.integers(-1, 3)),
    "owner": some.owners,
    "visibility": st.sampled_from(VISIBILITIES),
    "properties": _properties,
}
_locations = st.fixed_dictionaries(
    {
        "url": some.texts,
        "metadata": st.sampled_from([{}, {"a": [1, None]}]),
        "status": st.sampled_from(["active", "active", "deleted", "pending_delete"]),
    }
)
_created = st.fixed_dictionaries(
    {"status": st.sampled_from([*STATUSES, "killed", *["pending_delete"] * 3])},
    optional=_columns
    | {"id": some.image_ids, "created_at": some.times, "locations": st.lists(_locations)},
)
_changed = st.fixed_dictionaries({}, optional=_columns | {"status": st.sampled_from(STATUSES)})
_image_ids = st.sampled_from([*IMAGE_IDS, *IMAGE_IDS, some.MISSING])
_asked: dict[str, st.SearchStrategy[Any]] = {
    "visibility": st.sampled_from([*VISIBILITIES, *["all"] * 4]),
    "deleted": st.booleans(),
    "tags": st.lists(some.tags, max_size=2),
    "properties": _properties,
    "size": st.integers(-1, 3),
    "owner": st.sampled_from(OWNERS),
}
_filters = st.lists(st.sampled_from(sorted(_asked)), max_size=2, unique=True).flatmap(
    lambda keys: st.fixed_dictionaries({key: _asked[key] for key in keys})
)
_row_ids = st.integers(1, 5)
_membership: dict[str, st.SearchStrategy[Any]] = {
    "status": st.sampled_from([*MEMBER_STATUSES]),
    "can_share": st.booleans(),
}
_new_members = st.fixed_dictionaries(
    {"image_id": _image_ids, "member": some.members}, optional=_membership
)
_changed_members = st.fixed_dictionaries({}, optional=_membership)


def _call(function: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(st.just(function), st.tuples(*arguments))


_tags = (some.contexts, _image_ids, some.tags)
_locks = (_image_ids, _names, _texts)
_some_rows = (some.contexts, st.integers(0, 1), st.integers(-1, 2))
_listing = (
    some.mostly_admins,
    _filters,
    st.one_of(st.none(), _image_ids),
    st.one_of(st.none(), st.integers(0, 3)),
    st.sampled_from(some.SORT_KEYS).map(lambda key: [key]),
    st.sampled_from([["asc"], ["desc"]]),
    st.sampled_from([*MEMBER_STATUSES, "all"]),
)
_calls = st.one_of(
    _call("image_create", some.mostly_admins, _created),
    _call("image_update", some.mostly_admins, _image_ids, _changed, st.booleans()),
    _call("image_destroy", some.mostly_admins, _image_ids),
    _call("image_restore", some.mostly_admins, _image_ids),
    _call("image_get", some.contexts, _image_ids, st.booleans()),
    _call("image_get_all", *_listing),
    _call("image_location_add", some.contexts, _image_ids, _locations),
    _call(
        "image_location_delete",
        some.contexts,
        _image_ids,
        _row_ids,
        st.sampled_from(["deleted", "pending_delete"]),
    ),
    _call("image_set_property_atomic", *_locks),
    _call("image_delete_property_atomic", *_locks),
    _call("image_member_create", some.contexts, _new_members),
    _call("image_member_update", some.contexts, _row_ids, _changed_members),
    _call("image_member_delete", some.contexts, _row_ids),
    _call(
        "image_member_find",
        some.contexts,
        st.one_of(st.none(), _image_ids),
        st.one_of(st.none(), some.members),
    ),
    _call("image_tag_create", *_tags),
    _call("image_tag_delete", *_tags),
    _call("image_tag_set_all", some.contexts, _image_ids, st.lists(some.tags, max_size=3)),
    _call("image_tag_get_all", some.contexts, _image_ids),
    _call("user_get_image_count", some.contexts, some.owners),
    _call("user_get_storage_usage", some.contexts, some.owners),
    _call("user_get_uploading_count", some.contexts, some.owners),
    _call("purge_deleted_rows", *_some_rows),
    _call("purge_deleted_rows_from_images", *_some_rows),
)


def outcome(side: Any, function: str, args: tuple[Any, ...]) -> Any:
    try:
        return getattr(side, function)(*args)
    except Refused as refused:
        return refused
    except SimpleDBError as error:
        return Refused(type(error).__name__)


class AgainstTheModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.model = Model(self.world)
        self.db = Database(clock=self.world.now, new_id=self.world.new_id)
        self.forked = Database()
        self.forked_at = self.forked.snapshot()

    def hold(self, function: str, /, *args: Any) -> None:
        """Make a call on both, and hold them to give the same answer or the same error."""
        self.world.next_turn()
        before = self.db.snapshot()
        expected = outcome(self.model, function, args)
        assert outcome(self.db, function, args) == expected
        self.db.check()
        if isinstance(expected, Refused):
            assert self.db.snapshot() == before

    @initialize(images=st.lists(_created, min_size=2, max_size=3), running=st.booleans())
    def some_images_exist(self, images: list[Row], running: bool) -> None:
        self.world.running = running
        for image_id, values in zip(IMAGE_IDS, images, strict=False):
            self.hold("image_create", some.ADMIN, values | {"id": image_id})

    @rule(days=st.integers(0, 2))
    def days_pass(self, days: int) -> None:
        self.world.pass_time(days=days)

    @rule()
    def a_snapshot_is_the_whole_database(self) -> None:
        snapshot = self.db.snapshot()
        restored = Database(clock=self.world.now, new_id=self.world.new_id)
        restored.restore(snapshot)
        assert restored.snapshot() == snapshot
        self.db = restored

    @rule()
    def a_fork_is_a_database_of_its_own(self) -> None:
        self.forked, self.db = self.db, self.db.fork()
        self.forked_at = self.forked.snapshot()
        assert self.db.snapshot() == self.forked_at

    @rule(image_id=_image_ids, values=_changed)
    def what_is_rolled_back_has_never_been(self, image_id: str, values: Row) -> None:
        before = self.db.snapshot()
        with self.db.checkpoint() as point:
            outcome(self.db, "image_update", (some.ADMIN, image_id, values, True))
            outcome(self.db, "image_tag_create", (some.ADMIN, image_id, "new"))
            outcome(self.db, "image_destroy", (some.ADMIN, image_id))
            outcome(self.db, "purge_deleted_rows_from_images", (some.ADMIN, 0, -1))
            point.rollback()
        assert self.db.snapshot() == before

    @rule(calls=st.lists(_calls, min_size=3, max_size=9))
    def some_calls(self, calls: list[tuple[str, tuple[Any, ...]]]) -> None:
        for function, arguments in calls:
            self.hold(function, *arguments)

    @rule(image_id=some.image_ids, restored=st.booleans())
    def an_image_waits_for_its_deletion(self, image_id: str, restored: bool) -> None:
        self.hold("image_update", some.ADMIN, image_id, {"status": "pending_delete"})
        self.hold("image_destroy", some.ADMIN, image_id)
        if restored:
            self.hold("image_restore", some.ADMIN, image_id)

    @rule(choice=st.integers(0, 5), status=st.sampled_from([None, *MEMBER_STATUSES]))
    def a_member_looks(self, choice: int, status: str | None) -> None:
        if self.model.members:
            row = self.model.members[choice % len(self.model.members)]
            context = RequestContext(owner=row["member"])
            image = {"id": row["image_id"], "owner": "another", "visibility": "shared"}
            self.hold("is_image_visible", context, image, status)
            self.hold("is_image_mutable", context, image)
            self.hold("image_get_all", context, {}, None, None, ["id"], ["asc"], status or "all")

    @invariant()
    def the_store_is_sound(self) -> None:
        self.db.check()

    @invariant()
    def what_was_forked_is_as_it_was(self) -> None:
        assert self.forked.snapshot() == self.forked_at
        self.forked.check()


AgainstTheModel.TestCase.settings = settings(settings(), stateful_step_count=40)
TestAgainstTheNaiveModel = AgainstTheModel.TestCase
