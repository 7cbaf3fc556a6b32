"""The same calls on simple_db and on Glance's SQL driver: answers, errors and tables are equal.

After every call the rows of all tables are compared, soft-deleted ones and times included, and
simple_db is held to what it promises of every call (`tests.support.pair`). What may differ is
listed in docs/semantics.md.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from simple_db import RequestContext
from tests.property import strategies as some
from tests.property.agreement import AgreementMachine
from tests.support.pair import RowAt

pytestmark = pytest.mark.glance

LOCATIONS, MEMBERS = "image_locations", "image_members"

choices = st.integers(0, 11)


class Agreement(AgreementMachine):
    @initialize(
        images=st.lists(some.sound_images, min_size=3, max_size=3),
        members=st.lists(some.sound_members, max_size=3),
        tags=st.lists(st.tuples(some.image_ids, some.tags), max_size=3),
        running=st.booleans(),
    )
    def all_but_one_image_exist(
        self,
        images: list[some.Values],
        members: list[some.Values],
        tags: list[tuple[str, str]],
        running: bool,
    ) -> None:
        self.pair.world.running = running
        for image_id, values in zip(some.IMAGE_IDS, images, strict=False):
            self.hold("image_create", some.ADMIN, values | {"id": image_id})
        for values in members:
            self.hold("image_member_create", some.ADMIN, values)
        for image_id, tag in tags:
            self.hold("image_tag_create", some.ADMIN, image_id, tag)

    # --- the world ---------------------------------------------------------------------------

    # --- images ------------------------------------------------------------------------------

    @rule(context=some.mostly_admins, values=some.created_images, v1_mode=st.booleans())
    def image_create(self, context: RequestContext, values: some.Values, v1_mode: bool) -> None:
        self.hold("image_create", context, values, v1_mode=v1_mode)

    @rule(
        context=some.mostly_admins,
        image_id=some.image_ids_or_not,
        update=some.updates,
        repeated=some.repeated_ids,
    )
    def image_update(
        self,
        context: RequestContext,
        image_id: str,
        update: tuple[some.Values, some.Values],
        repeated: some.Values,
    ) -> None:
        values, options = update
        values = values | some.with_its_id(repeated, image_id)
        self.hold("image_update", context, image_id, values, **options)

    @rule(
        context=some.mostly_admins,
        image_id=some.image_ids,
        values=some.sound_changes,
        repeated=some.repeated_ids,
        data=st.data(),
    )
    def image_update_with_locations(
        self,
        context: RequestContext,
        image_id: str,
        values: some.Values,
        repeated: some.Values,
        data: st.DataObject,
    ) -> None:
        locations = {"locations": self._some_locations(image_id, data)}
        values = values | locations | some.with_its_id(repeated, image_id)
        self.hold("image_update", context, image_id, values)

    @rule(
        choice=choices,
        update=some.updates,
        given_to=some.owners,
        visibility=st.sampled_from(["private", "shared", "public"]),
        repeated=some.repeated_ids,
        data=st.data(),
    )
    def an_image_is_given_away(
        self,
        choice: int,
        update: tuple[some.Values, some.Values],
        given_to: str | None,
        visibility: str,
        repeated: some.Values,
        data: st.DataObject,
    ) -> None:
        image = self.pair.row_like("images", choice, id=some.MISSING, owner="alice")
        changes, options = update
        values = {key: value for key, value in changes.items() if key != "is_public"}
        values |= {"owner": given_to, "visibility": visibility}
        values |= {"locations": self._some_locations(image["id"], data)}
        values |= some.with_its_id(repeated, image["id"])
        owner = RequestContext(owner=image["owner"])
        self.hold("image_update", owner, image["id"], values, **options)

    def _some_locations(self, image_id: str, data: st.DataObject) -> list[some.Values]:
        """Draw what an update makes of the locations: some kept, some changed, some new."""
        places = [
            place
            for place, row in enumerate(self.pair.ours.tables[LOCATIONS])
            if row["image_id"] == image_id
        ]
        place = st.sampled_from([*places * 3, 99])
        ids = st.one_of(st.none(), place.map(lambda place: RowAt(LOCATIONS, place)))
        location = st.builds(lambda values, row: values | {"id": row}, some.new_locations, ids)
        one = st.one_of(location, location, some.new_locations, some.guarded_locations)
        return data.draw(st.lists(one, max_size=3))

    @rule(context=some.mostly_admins, image_id=some.image_ids_or_not)
    def image_destroy(self, context: RequestContext, image_id: str) -> None:
        self.hold("image_destroy", context, image_id)

    @rule(context=some.mostly_admins, image_id=some.image_ids, restored=st.booleans())
    def an_image_waits_for_its_deletion(
        self, context: RequestContext, image_id: str, restored: bool
    ) -> None:
        self.hold("image_update", context, image_id, {"status": "pending_delete"})
        self.hold("image_destroy", context, image_id)
        if restored:
            self.hold("image_restore", some.ADMIN, image_id)

    @rule(context=some.mostly_admins, image_id=some.image_ids_or_not)
    def image_restore(self, context: RequestContext, image_id: str) -> None:
        self.hold("image_restore", context, image_id)

    @rule(context=some.contexts, call=some.reads)
    def somebody_reads(self, context: RequestContext, call: tuple[str, some.Values]) -> None:
        function, arguments = call
        self.hold(function, context, **arguments)

    # --- listings ----------------------------------------------------------------------------

    @rule(
        context=some.mostly_admins,
        filters=some.filters,
        order=some.orders(),
        scope=some.scopes,
        limit=some.limits,
        choices=st.tuples(choices, choices),
        keys=st.lists(st.sampled_from(some.FILTERS_LIKE), max_size=3),
    )
    def image_get_all(
        self,
        context: RequestContext,
        filters: some.Values | None,
        order: some.Values,
        scope: some.Values,
        limit: int | None,
        choices: tuple[int, int],
        keys: list[str],
    ) -> None:
        marker = self.pair.row_like("images", choices[0], id=None)["id"]
        if choices[1]:
            image = self.pair.row_like("images", choices[1])
            filters = self._filters_that_match(image, keys) if image else filters
        query = {"filters": filters, **order, **scope}
        whole = self.hold("image_get_all", context, **query)
        query |= {"limit": limit, "marker": marker}
        if whole.error is None and self._the_reference_can_page(whole.answer, query):
            self.hold("image_get_all", context, **query)

    def _filters_that_match(self, image: some.Values, keys: list[str]) -> some.Values:
        """Ask for what the image has."""
        tables = self.pair.ours.tables
        tags, properties = (
            [row for row in tables[table] if row["image_id"] == image["id"] and not row["deleted"]]
            for table in ("image_tags", "image_properties")
        )
        known = image | {
            "tags": [row["value"] for row in tags],
            "properties": {row["name"]: row["value"] for row in properties},
        }
        return dict(some.filter_like(key, known[key.partition(" ")[0]]) for key in keys)

    def _the_reference_can_page(self, whole: list[some.Values], query: some.Values) -> bool:
        """Tell apart the pages in which the driver loses rows, D25 to D27 of docs/semantics.md."""
        tags = [(row["image_id"], row["value"]) for row in self.pair.ours.tables["image_tags"]]
        if query["limit"] and (query["filters"] or {}).get("tags") and len(tags) > len(set(tags)):
            return False  # D27
        if query["marker"] is None:
            return True
        marker = [row for row in self.pair.theirs.tables["images"] if row["id"] == query["marker"]]
        keys = [key for key in query["sort_key"] or [] if key != "id"]
        if any(row.get(key) is None for row in [*whole, *marker] for key in keys):
            return False  # D25
        return not {"visibility", "protected", "os_hidden", "deleted"} & set(keys)  # D26

    @rule(
        context=some.contexts,
        fault=st.sampled_from(
            [
                *({"filters": fault} for fault in some.BAD_FILTERS),
                {"filters": {"unknown_min": 1}},
                {"sort_key": ["bogus"]},
                {"sort_key": ["name"], "sort_dir": ["up"]},
                {"sort_key": ["name", "size"], "sort_dir": ["asc", "desc", "asc"]},
                {"sort_key": ["name", "size", "id"], "sort_dir": ["asc", "desc"]},
                {"marker": some.MISSING},
                {"marker": some.TOO_LONG},
                {"marker": ""},
            ]
        ),
    )
    def image_get_all_with_a_fault(self, context: RequestContext, fault: some.Values) -> None:
        self.hold("image_get_all", context, **fault)

    # --- locations ---------------------------------------------------------------------------

    @rule(context=some.contexts, image_id=some.image_ids_or_not, location=some.guarded_locations)
    def image_location_add(
        self, context: RequestContext, image_id: str, location: some.Values
    ) -> None:
        self.hold("image_location_add", context, image_id, location)

    @rule(
        context=some.contexts,
        image_id=some.image_ids_or_not,
        location=some.guarded_locations,
        choice=choices,
        belongs=st.booleans(),
        has_id=st.sampled_from([True] * 9 + [False]),
    )
    def image_location_update(
        self,
        context: RequestContext,
        image_id: str,
        location: some.Values,
        choice: int,
        belongs: bool,
        has_id: bool,
    ) -> None:
        row = self.pair.place_of(LOCATIONS, choice)
        if location["status"] is None:
            location = location | {"status": "active"}  # None is the default on addition only
        given = location | ({"id": row} if has_id else {})
        self.hold("image_location_update", context, self._parent(row, image_id, belongs), given)

    @rule(
        context=some.contexts,
        image_id=some.image_ids_or_not,
        choice=choices,
        belongs=st.booleans(),
        status=st.sampled_from(["deleted", "pending_delete", "active"]),
        delete_time=st.one_of(st.none(), some.times),
    )
    def image_location_delete(
        self,
        context: RequestContext,
        image_id: str,
        choice: int,
        belongs: bool,
        status: str,
        delete_time: Any,
    ) -> None:
        row = self.pair.place_of(LOCATIONS, choice)
        parent = self._parent(row, image_id, belongs)
        self.hold("image_location_delete", context, parent, row, status, delete_time)

    def _parent(self, row: RowAt, image_id: str, belongs: bool) -> str:
        """Give the image of the row, or the one that was drawn."""
        rows = self.pair.ours.tables[row.table]
        return str(rows[row.place]["image_id"]) if belongs and row.place < len(rows) else image_id

    # --- properties --------------------------------------------------------------------------

    @rule(
        context=some.contexts,
        image_id=some.image_ids_or_not,
        name=st.sampled_from(some.PROPERTY_NAMES),
        values=st.fixed_dictionaries(
            {}, optional={"value": some.property_values, "deleted": st.booleans()}
        ),
    )
    def image_property_create(
        self, context: RequestContext, image_id: str, name: str, values: some.Values
    ) -> None:
        given = {"image_id": image_id, "name": name, **values}
        self.hold("image_property_create", context, given)

    @rule(
        context=some.contexts,
        name=st.sampled_from(some.PROPERTY_NAMES),
        image_id=some.image_ids_or_not,
        choice=choices,
    )
    def image_property_delete(
        self, context: RequestContext, name: str, image_id: str, choice: int
    ) -> None:
        row = self.pair.row_like("image_properties", choice, image_id=image_id, name=name)
        self.hold("image_property_delete", context, row["name"], row["image_id"])

    @rule(choice=choices, deleted=st.booleans(), purge_props=st.booleans())
    def a_property_is_written_again(self, choice: int, deleted: bool, purge_props: bool) -> None:
        row = self.pair.row_like("image_properties", choice)
        if row:
            name, image_id = row["name"], row["image_id"]
            if deleted:
                self.hold("image_property_delete", some.ADMIN, name, image_id)
            values = {"properties": {name: row["value"]}}
            self.hold("image_update", some.ADMIN, image_id, values, purge_props=purge_props)

    @rule(
        image_id=some.image_ids_or_not,
        name=st.sampled_from(some.PROPERTY_NAMES),
        value=some.property_values,
    )
    def image_set_property_atomic(self, image_id: str, name: str, value: Any) -> None:
        self.hold("image_set_property_atomic", image_id, name, value)

    @rule(
        image_id=some.image_ids_or_not,
        name=st.sampled_from(some.PROPERTY_NAMES),
        value=some.property_values,
        choice=choices,
    )
    def image_delete_property_atomic(
        self, image_id: str, name: str, value: Any, choice: int
    ) -> None:
        other = {"image_id": image_id, "name": name, "value": value}
        row = self.pair.row_like("image_properties", choice, **other)
        self.hold("image_delete_property_atomic", row["image_id"], row["name"], row["value"])

    # --- members -----------------------------------------------------------------------------

    @rule(context=some.contexts, values=some.created_members)
    def image_member_create(self, context: RequestContext, values: some.Values) -> None:
        self.hold("image_member_create", context, values)

    @rule(context=some.contexts, choice=choices, values=some.changed_members)
    def image_member_update(
        self, context: RequestContext, choice: int, values: some.Values
    ) -> None:
        row = self.pair.place_of(MEMBERS, choice)
        self.hold("image_member_update", context, row, values)

    @rule(context=some.contexts, choice=choices)
    def image_member_delete(self, context: RequestContext, choice: int) -> None:
        self.hold("image_member_delete", context, self.pair.place_of(MEMBERS, choice))

    # --- tags --------------------------------------------------------------------------------

    @rule(context=some.contexts, image_id=some.image_ids_or_not, tag=some.tags_or_beyond)
    def image_tag_create(self, context: RequestContext, image_id: str, tag: str) -> None:
        self.hold("image_tag_create", context, image_id, tag)

    @rule(context=some.contexts, image_id=some.image_ids_or_not, tag=some.tags, choice=choices)
    def image_tag_delete(
        self, context: RequestContext, image_id: str, tag: str, choice: int
    ) -> None:
        row = self.pair.row_like("image_tags", choice, image_id=image_id, value=tag)
        self.hold("image_tag_delete", context, row["image_id"], row["value"])

    @rule(
        context=some.contexts,
        image_id=some.image_ids_or_not,
        tags=st.lists(some.tags_or_beyond, max_size=3),
    )
    def image_tag_set_all(self, context: RequestContext, image_id: str, tags: list[str]) -> None:
        self.hold("image_tag_set_all", context, image_id, tags)

    # --- purge -------------------------------------------------------------------------------

    @rule(
        context=some.contexts,
        function=st.sampled_from(["purge_deleted_rows", "purge_deleted_rows_from_images"]),
        age_in_days=st.integers(-1, 2),
        max_rows=st.one_of(st.sampled_from([-1, 0, 2**31]), st.integers(1, 3)),
    )
    def purge(
        self, context: RequestContext, function: str, age_in_days: int, max_rows: int
    ) -> None:
        tables = self.pair.theirs.tables.values()
        if not any(self._is_cut_at_one_moment(rows, age_in_days, max_rows) for rows in tables):
            self.hold(function, context, age_in_days, max_rows)

    def _is_cut_at_one_moment(
        self, rows: list[some.Values], age_in_days: int, max_rows: int
    ) -> bool:
        """Tell whether a purge takes some of "rows deleted at one moment" and leaves others."""
        before = self.pair.world.now() - dt.timedelta(days=age_in_days)
        times = sorted(row["deleted_at"] for row in rows if row.get("deleted_at") is not None)
        old = [time for time in times if time <= before]
        return 0 < max_rows < len(old) and old[max_rows - 1] == old[max_rows]

    # --- what everybody sees in the end --------------------------------------------------------

    def look_around(self) -> None:
        for context in some.CONTEXTS.values():
            self._look_around(context)
        for owner in (*some.OWNERS, None):
            for usage in ("storage_usage", "staging_usage", "image_count", "uploading_count"):
                self.pair.look(f"user_get_{usage}", some.ADMIN, owner)

        for row in self.pair.ours.tables[MEMBERS]:
            self._look_as(row["member"], {"id": row["image_id"]})

    def _look_as(self, member: str, image: some.Values) -> None:
        """Ask whether the member sees the image of another project that is shared."""
        context = RequestContext(owner=member)
        for status in (None, *some.MEMBER_STATUSES):
            shared = image | {"owner": "another", "visibility": "shared"}
            self.pair.look("is_image_visible", context, shared, status)

    def _look_around(self, context: RequestContext) -> None:
        for row in self.pair.ours.tables["images"]:
            self.pair.look("image_get", context, row["id"], force_show_deleted=True)
        self.pair.look("image_get_all", context, return_tag=True)
        self.pair.look("image_get_all", context, {"visibility": "all"}, admin_as_user=True)
        self.pair.look("image_get_all", context, {"deleted": False}, member_status="all")
        self.pair.look("image_member_find", context)


Agreement.TestCase.settings = settings(settings(), stateful_step_count=50)
TestAgreementWithTheSqlDriver = Agreement.TestCase
