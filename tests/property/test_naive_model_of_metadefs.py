"""Metadata definitions of simple_db against a naive model: plain lists of dict rows.

The three kinds of content are one function each here, and the pages a slice of a sorted list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from simple_db import Database
from tests.property import strategies as some
from tests.property.test_naive_model import Refused, outcome
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from simple_db import RequestContext

Row = dict[str, Any]

KINDS = ("Object", "Property", "Tag")
NAMESPACES = ("ns-1", "ns-2", "ns-3")
COLUMNS = ("display_name", "description", "visibility", "protected")
SORT_KEYS = ("created_at", "updated_at", "namespace", "owner", *COLUMNS)


class Model:
    """A list of namespaces, one of each kind of content, and one of resource types."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.last_ids: dict[str, int] = {}
        self.namespaces: list[Row] = []
        self.content: dict[str, list[Row]] = {kind: [] for kind in KINDS}
        self.resource_types: list[Row] = []
        self.associations: list[tuple[str, int]] = []

    def _row(self, table: str, **columns: Any) -> Row:
        self.last_ids[table] = self.last_ids.get(table, 0) + 1
        now = self.world.now()
        return {"id": self.last_ids[table], **columns, "created_at": now, "updated_at": now}

    def _sees(self, context: RequestContext, namespace: Row) -> bool:
        own = context.owner is not None and namespace["owner"] == context.owner
        return context.is_admin or own or namespace["visibility"] == "public"

    def _namespace(self, context: RequestContext, key: str, value: Any) -> Row:
        for row in self.namespaces:
            if row[key] == value:
                if not self._sees(context, row):
                    raise Refused("MetadefForbidden")
                return row
        raise Refused("MetadefNamespaceNotFound")

    def _change(self, row: Row, values: Row) -> Row:
        if any(row[key] != value for key, value in values.items()):
            row.update(values, updated_at=self.world.now())
        return dict(row)

    # --- namespaces --------------------------------------------------------------------------

    def metadef_namespace_create(self, _context: RequestContext, values: Row) -> Row:
        if any(row["namespace"] == values["namespace"] for row in self.namespaces):
            raise Refused("MetadefDuplicateNamespace")
        columns = dict.fromkeys(COLUMNS) | values
        self.namespaces.append(self._row("namespaces", **columns))
        return dict(self.namespaces[-1])

    def metadef_namespace_update(
        self, context: RequestContext, namespace_id: int, values: Row
    ) -> Row:
        row = self._namespace(context, "id", namespace_id)
        new_name = values.get("namespace", row["namespace"])
        if any(other["namespace"] == new_name for other in self.namespaces if other is not row):
            raise Refused("MetadefDuplicateNamespace")
        return self._change(row, values)

    def metadef_namespace_get(self, context: RequestContext, name: str) -> Row:
        return dict(self._namespace(context, "namespace", name))

    def metadef_namespace_delete(self, context: RequestContext, name: str) -> Row:
        namespace = self._namespace(context, "namespace", name)
        self.namespaces.remove(namespace)
        for rows in self.content.values():
            rows[:] = [row for row in rows if row["namespace_id"] != namespace["id"]]
        self.associations = [pair for pair in self.associations if pair[1] != namespace["id"]]
        return namespace

    def metadef_namespace_get_all(
        self,
        context: RequestContext,
        marker: int | None,
        limit: int | None,
        sort_key: str,
        sort_dir: str,
        filters: Row,
    ) -> list[Row]:
        if "resource_types" in filters and not any(
            map(self._is_associated(filters), self.namespaces)
        ):
            return []
        start = None if marker is None else self._namespace(context, "id", marker)
        key = _place(sort_key)
        found = [
            dict(row)
            for row in sorted(self.namespaces, key=key, reverse=sort_dir == "desc")
            if self._sees(context, row) and self._matches(row, filters)
        ]
        if start is not None:
            behind = key(start)
            found = [
                row
                for row in found
                if (key(row) < behind if sort_dir == "desc" else key(row) > behind)
            ]
        return found[:limit]

    def _matches(self, namespace: Row, filters: Row) -> bool:
        visibility = filters.get("visibility", namespace["visibility"])
        return visibility == namespace["visibility"] and (
            "resource_types" not in filters or self._is_associated(filters)(namespace)
        )

    def _is_associated(self, filters: Row) -> Callable[[Row], bool]:
        wanted = filters["resource_types"].split(",")
        return lambda row: any((name, row["id"]) in self.associations for name in wanted)

    # --- content -----------------------------------------------------------------------------

    def create(self, context: RequestContext, kind: str, namespace: str, name: str) -> Row:
        owner = self._namespace(context, "namespace", namespace)["id"]
        self._free(kind, owner, name)
        defaults: dict[str, Row] = {
            "Object": {"description": None, "required": None, "json_schema": {}},
            "Property": {"json_schema": {}},
            "Tag": {},
        }
        self.content[kind].append(self._row(kind, namespace_id=owner, name=name, **defaults[kind]))
        return dict(self.content[kind][-1])

    def _free(self, kind: str, owner: int, name: str) -> None:
        if any((row["namespace_id"], row["name"]) == (owner, name) for row in self.content[kind]):
            raise Refused(f"MetadefDuplicate{kind}")

    def _find(self, kind: str, owner: int, key: str, value: Any) -> Row:
        for row in self.content[kind]:
            if (row["namespace_id"], row[key]) == (owner, value):
                return row
        raise Refused(f"Metadef{kind}NotFound")

    def get(self, context: RequestContext, kind: str, namespace: str, name: str) -> Row:
        owner = self._namespace(context, "namespace", namespace)["id"]
        return dict(self._find(kind, owner, "name", name))

    def get_all(self, context: RequestContext, kind: str, namespace: str) -> list[Row]:
        owner = self._namespace(context, "namespace", namespace)["id"]
        return [dict(row) for row in self.content[kind] if row["namespace_id"] == owner]

    def update(
        self, context: RequestContext, kind: str, namespace: str, row_id: int, name: str
    ) -> Row:
        owner = self._namespace(context, "namespace", namespace)["id"]
        row = self._find(kind, owner, "id", row_id)
        if name != row["name"]:
            self._free(kind, owner, name)
        return self._change(row, {"name": name})

    def delete(self, context: RequestContext, kind: str, namespace: str, name: str) -> Row:
        owner = self._namespace(context, "namespace", namespace)["id"]
        row = self._find(kind, owner, "name", name)
        self.content[kind].remove(row)
        return row

    def create_tags(
        self, context: RequestContext, namespace: str, names: list[str], can_append: bool
    ) -> list[Row]:
        if not names:
            return []
        owner = self._namespace(context, "namespace", namespace)["id"]
        kept = [row["name"] for row in self.content["Tag"] if row["namespace_id"] == owner]
        taken = names + (kept if can_append else [])
        if len(set(taken)) < len(taken):
            raise Refused("MetadefDuplicateTag")
        if not can_append:
            self.content["Tag"] = [
                row for row in self.content["Tag"] if row["namespace_id"] != owner
            ]
        return [self.create(context, "Tag", namespace, name) for name in names]

    # --- resource types ----------------------------------------------------------------------

    def associate(self, context: RequestContext, namespace: str, name: str) -> str:
        owner = self._namespace(context, "namespace", namespace)["id"]
        if (name, owner) in self.associations:
            raise Refused("MetadefDuplicateResourceTypeAssociation")
        if all(row["name"] != name for row in self.resource_types):
            self.resource_types.append(self._row("resource_types", name=name, protected=False))
        self.associations.append((name, owner))
        return name

    def metadef_resource_type_delete(self, _context: RequestContext, name: str) -> Row:
        for row in self.resource_types:
            if row["name"] == name:
                if any(pair[0] == name for pair in self.associations):
                    raise Refused("MetadefIntegrityError")
                self.resource_types.remove(row)
                return row
        raise Refused("MetadefResourceTypeNotFound")

    def metadef_resource_type_get_all(self, _context: RequestContext) -> list[Row]:
        return [dict(row) for row in self.resource_types]


def _place(sort_key: str) -> Any:
    def place(row: Row) -> Any:
        return row[sort_key] is not None, row[sort_key], row["created_at"], row["id"]

    return place


class Asked:
    """simple_db, asked in the words of the model."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def __getattr__(self, function: str) -> Any:
        return getattr(self._db, function)

    def _content(self, action: str, kind: str) -> Any:
        return getattr(self._db, f"metadef_{kind.lower()}_{action}")

    def create(self, context: RequestContext, kind: str, namespace: str, name: str) -> Any:
        return self._content("create", kind)(context, namespace, {"name": name})

    def get(self, context: RequestContext, kind: str, namespace: str, name: str) -> Any:
        return self._content("get", kind)(context, namespace, name)

    def get_all(self, context: RequestContext, kind: str, namespace: str) -> Any:
        order = {"sort_dir": "asc"} if kind == "Tag" else {}
        return self._content("get_all", kind)(context, namespace, **order)

    def update(
        self, context: RequestContext, kind: str, namespace: str, row_id: int, name: str
    ) -> Any:
        return self._content("update", kind)(context, namespace, row_id, {"name": name})

    def delete(self, context: RequestContext, kind: str, namespace: str, name: str) -> Any:
        return self._content("delete", kind)(context, namespace, name)

    def create_tags(
        self, context: RequestContext, namespace: str, names: list[str], can_append: bool
    ) -> Any:
        tags = [{"name": name} for name in names]
        return self._db.metadef_tag_create_tags(context, namespace, tags, can_append)

    def associate(self, context: RequestContext, namespace: str, name: str) -> str:
        values = {"name": name, "prefix": None, "properties_target": None}
        create = self._db.metadef_resource_type_association_create
        return create(context, namespace, values)["name"]


_namespaces = st.sampled_from([*NAMESPACES, *NAMESPACES, "missing"])
_names = st.sampled_from(["a", "b", "c"])
_kinds = st.sampled_from(KINDS)
_ids = st.integers(1, 4)
_values: dict[str, st.SearchStrategy[Any]] = {
    "owner": st.sampled_from(["alice", "bob"]),
    "visibility": st.sampled_from(["public", "private", None]),
    "display_name": st.sampled_from([None, "x", "y"]),
    "description": st.sampled_from([None, "x", "y"]),
    "protected": st.sampled_from([None, True, False]),
}
_created = st.fixed_dictionaries(
    {"namespace": st.sampled_from(NAMESPACES), "owner": _values["owner"]},
    optional={key: values for key, values in _values.items() if key != "owner"},
)
_changed = st.fixed_dictionaries({}, optional=_values | {"namespace": st.sampled_from(NAMESPACES)})
_filters = st.fixed_dictionaries(
    {},
    optional={
        "visibility": st.sampled_from(["public", "private"]),
        "resource_types": st.lists(_names, max_size=2).map(",".join),
    },
)


class MetadefsAgainstTheModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.model = Model(self.world)
        self.db = Database(clock=self.world.now)

    def hold(self, function: str, /, *args: Any) -> None:
        """Make a call on both, and hold them to give the same answer or the same error."""
        self.world.next_turn()
        before = self.db.snapshot()
        expected = outcome(self.model, function, args)
        assert outcome(Asked(self.db), function, args) == expected
        if isinstance(expected, Refused):
            assert self.db.snapshot() == before

    @initialize(namespaces=st.lists(_created, min_size=2, max_size=3))
    def some_namespaces_exist(self, namespaces: list[Row]) -> None:
        for name, values in zip(NAMESPACES, namespaces, strict=False):
            self.hold("metadef_namespace_create", some.ADMIN, values | {"namespace": name})

    @rule(running=st.booleans())
    def the_clock_runs_or_stands_still(self, running: bool) -> None:
        self.world.running = running

    @rule()
    def a_snapshot_is_the_whole_database(self) -> None:
        restored = Database(clock=self.world.now)
        restored.restore(self.db.snapshot())
        assert restored.snapshot() == self.db.snapshot()
        self.db = restored

    @rule(context=some.contexts, values=_created)
    def metadef_namespace_create(self, context: RequestContext, values: Row) -> None:
        self.hold("metadef_namespace_create", context, values)

    @rule(context=some.mostly_admins, namespace_id=_ids, values=_changed)
    def metadef_namespace_update(
        self, context: RequestContext, namespace_id: int, values: Row
    ) -> None:
        self.hold("metadef_namespace_update", context, namespace_id, values)

    @rule(context=some.contexts, name=_namespaces, delete=st.sampled_from([True] + [False] * 3))
    def metadef_namespace_get_or_delete(
        self, context: RequestContext, name: str, delete: bool
    ) -> None:
        self.hold(f"metadef_namespace_{'delete' if delete else 'get'}", context, name)

    @rule(
        context=some.mostly_admins,
        marker=st.one_of(st.none(), _ids),
        limit=st.one_of(st.none(), st.integers(0, 2)),
        sort_key=st.sampled_from(SORT_KEYS),
        sort_dir=st.sampled_from(["asc", "desc"]),
        filters=_filters,
    )
    def metadef_namespace_get_all(
        self,
        context: RequestContext,
        marker: int | None,
        limit: int | None,
        sort_key: str,
        sort_dir: str,
        filters: Row,
    ) -> None:
        query = (marker, limit, sort_key, sort_dir, filters)
        self.hold("metadef_namespace_get_all", context, *query)

    @rule(context=some.mostly_admins, kind=_kinds, namespace=_namespaces, name=_names)
    def content_is_created(
        self, context: RequestContext, kind: str, namespace: str, name: str
    ) -> None:
        self.hold("create", context, kind, namespace, name)

    @rule(
        context=some.contexts,
        kind=_kinds,
        namespace=_namespaces,
        name=_names,
        function=st.sampled_from(["get", "delete"]),
    )
    def content_is_got_or_deleted(
        self, context: RequestContext, kind: str, namespace: str, name: str, function: str
    ) -> None:
        self.hold(function, context, kind, namespace, name)

    @rule(context=some.mostly_admins, kind=_kinds, namespace=_namespaces)
    def content_is_listed(self, context: RequestContext, kind: str, namespace: str) -> None:
        self.hold("get_all", context, kind, namespace)

    @rule(context=some.mostly_admins, kind=_kinds, namespace=_namespaces, row_id=_ids, name=_names)
    def content_is_renamed(
        self, context: RequestContext, kind: str, namespace: str, row_id: int, name: str
    ) -> None:
        self.hold("update", context, kind, namespace, row_id, name)

    @rule(
        context=some.mostly_admins,
        namespace=_namespaces,
        names=st.lists(_names, max_size=3),
        can_append=st.booleans(),
    )
    def tags_are_created_at_once(
        self, context: RequestContext, namespace: str, names: list[str], can_append: bool
    ) -> None:
        self.hold("create_tags", context, namespace, names, can_append)

    @rule(context=some.mostly_admins, namespace=_namespaces, name=_names)
    def a_resource_type_is_associated(
        self, context: RequestContext, namespace: str, name: str
    ) -> None:
        self.hold("associate", context, namespace, name)

    @rule(context=some.contexts, name=_names)
    def a_resource_type_is_deleted(self, context: RequestContext, name: str) -> None:
        self.hold("metadef_resource_type_delete", context, name)
        self.hold("metadef_resource_type_get_all", context)

    @rule(context=some.contexts, sort_key=st.sampled_from(SORT_KEYS), limit=st.integers(1, 2))
    def pages_glued_together_are_the_whole_list(
        self, context: RequestContext, sort_key: str, limit: int
    ) -> None:
        whole = self.db.metadef_namespace_get_all(context, sort_key=sort_key)
        glued = self.db.metadef_namespace_get_all(context, sort_key=sort_key, limit=limit)
        while page := glued and self.db.metadef_namespace_get_all(
            context, marker=glued[-1]["id"], sort_key=sort_key, limit=limit
        ):
            glued += page
        assert glued == whole

    @invariant()
    def the_store_is_sound(self) -> None:
        self.db.check()


MetadefsAgainstTheModel.TestCase.settings = settings(settings(), stateful_step_count=40)
TestMetadefsAgainstTheNaiveModel = MetadefsAgainstTheModel.TestCase
