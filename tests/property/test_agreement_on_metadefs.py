"""Metadata definitions on simple_db and on Glance's SQL driver: held equal, as images are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.property import strategies as some
from tests.property.agreement import AgreementMachine

if TYPE_CHECKING:
    from simple_db import RequestContext
    from tests.support.pair import RowAt

pytestmark = pytest.mark.glance

NAMESPACES = ("ns-1", "ns-2", "Ns-1", "ünï")
NAMES = ("one", "two", "One", "")
RESOURCE_TYPES = ("server", "volume", "image")
KINDS = {
    "object": "metadef_objects",
    "property": "metadef_properties",
    "tag": "metadef_tags",
}

# In one of these a null is smaller than any value, and the driver loses rows behind it.
NULLABLE = {"display_name", "description", "visibility", "protected"}

choices = st.integers(0, 11)
kinds = st.sampled_from(list(KINDS))
names = st.sampled_from(NAMES)
new_names = st.sampled_from([*NAMES * 5, "😀"])
namespaces = st.sampled_from(NAMESPACES)
namespaces_or_not = st.sampled_from([*NAMESPACES * 4, "missing", "😀"])
resource_types = st.sampled_from(RESOURCE_TYPES)
texts = st.one_of(st.none(), some.texts)
times = st.sampled_from(["a time that is", "not looked at"])

# A tuple, or a number for a key, comes back from the driver as it went in.
schemas = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-1, 1), st.floats(-1, 1), some.texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(some.texts, inner, max_size=2)
    ),
    max_leaves=3,
)

namespace_values: dict[str, st.SearchStrategy[Any]] = {
    "namespace": namespaces,
    "owner": st.sampled_from([owner for owner in some.OWNERS if owner]),
    "visibility": st.sampled_from(["public", "private", "private", "community", None]),
    "display_name": texts,
    "description": texts,
    "protected": st.sampled_from([None, True, False, 0, 1]),
    "created_at": times,
    "unknown": texts,
}
NEEDED = ("namespace", "owner", "visibility")
sound_namespaces = st.fixed_dictionaries(
    {key: namespace_values[key] for key in NEEDED},
    optional={key: values for key, values in namespace_values.items() if key not in NEEDED},
)
namespace_changes = st.fixed_dictionaries({}, optional=namespace_values)
NAMESPACE_FAULTS: tuple[some.Values, ...] = (
    {"owner": None},
    {"namespace": None},
    {"description": "😀"},
    {"unknown": {"a": "😀"}},
)

content_values: dict[str, st.SearchStrategy[Any]] = {
    "description": texts,
    "required": texts,
    "json_schema": schemas,
    "updated_at": times,
    "unknown": texts,
}
new_content = st.fixed_dictionaries({"name": new_names}, optional=content_values)
content_changes = st.fixed_dictionaries({}, optional=content_values | {"name": new_names})

orders = st.fixed_dictionaries({}, optional={"sort_dir": st.sampled_from(["asc", "desc", None])})
BAD_ORDERS: tuple[some.Values, ...] = (
    {"sort_key": "bogus"},
    {"sort_key": None},
    {"sort_dir": "up"},
    {"sort_dir": ""},
)
limits = st.sampled_from([None, None, 0, 1, 2, 5])


class Agreement(AgreementMachine):
    def rows(self, table: str) -> list[some.Values]:
        return self.pair.ours.tables[table]

    @initialize(
        values=st.lists(sound_namespaces, min_size=2, max_size=4),
        associations=st.lists(st.tuples(namespaces, resource_types), max_size=3),
    )
    def some_namespaces_exist(
        self, values: list[some.Values], associations: list[tuple[str, str]]
    ) -> None:
        for namespace in values:
            self.hold("metadef_namespace_create", some.ADMIN, namespace)
        for name, resource_type in associations:
            self._associate(some.ADMIN, name, {"name": resource_type})

    # --- namespaces --------------------------------------------------------------------------

    @rule(context=some.contexts, values=sound_namespaces, fault=st.integers(0, 20))
    def metadef_namespace_create(
        self, context: RequestContext, values: some.Values, fault: int
    ) -> None:
        faults = (*NAMESPACE_FAULTS, {})
        self.hold("metadef_namespace_create", context, values | faults[min(fault, 4)])

    @rule(context=some.contexts, values=namespace_changes, key=st.sampled_from(NEEDED[:2]))
    def metadef_namespace_create_that_lacks_a_key(
        self, context: RequestContext, values: some.Values, key: str
    ) -> None:
        lacking = {name: value for name, value in values.items() if name != key}
        self.hold("metadef_namespace_create", context, lacking)

    @rule(
        context=some.mostly_admins,
        choice=choices,
        values=namespace_changes,
        fault=st.integers(0, 20),
    )
    def metadef_namespace_update(
        self, context: RequestContext, choice: int, values: some.Values, fault: int
    ) -> None:
        row = self.pair.place_of("metadef_namespaces", choice)
        faults = (*NAMESPACE_FAULTS, {})
        self.hold("metadef_namespace_update", context, row, values | faults[min(fault, 4)])

    @rule(
        context=some.contexts,
        function=st.sampled_from(["get"] * 3 + ["delete"]),
        namespace=namespaces_or_not,
    )
    def metadef_namespace_get_or_delete(
        self, context: RequestContext, function: str, namespace: str
    ) -> None:
        self.hold(f"metadef_namespace_{function}", context, namespace)

    @rule(
        context=some.contexts,
        filters=st.fixed_dictionaries(
            {},
            optional={
                "visibility": st.sampled_from(["public", "private", "bogus", None]),
                "resource_types": st.lists(resource_types, max_size=3).map(",".join),
                "unknown": texts,
            },
        ),
        id_list=st.one_of(st.none(), st.lists(choices, max_size=4)),
        sort_key=st.one_of(
            st.none(),
            st.sampled_from(["id", "namespace", "owner", "created_at", "updated_at", *NULLABLE]),
        ),
        order=orders,
        limit=limits,
        choice=choices,
    )
    def metadef_namespace_get_all(
        self,
        context: RequestContext,
        filters: some.Values,
        id_list: list[int] | None,
        sort_key: str | None,
        order: some.Values,
        limit: int | None,
        choice: int,
    ) -> None:
        if id_list is not None:
            places = [self.pair.place_of("metadef_namespaces", place) for place in id_list]
            filters = filters | {"id_list": places}
        query = {"filters": filters, **order, **({"sort_key": sort_key} if sort_key else {})}
        whole = self.hold("metadef_namespace_get_all", context, **query)
        marker = self.pair.place_of("metadef_namespaces", choice)
        if choice == 1:
            self.hold("metadef_namespace_get_all", context, **query, limit=limit)
        elif self._the_reference_can_page(whole.answer, sort_key, marker):
            self.hold("metadef_namespace_get_all", context, **query, limit=limit, marker=marker)

    def _the_reference_can_page(
        self,
        whole: list[some.Values],
        sort_key: str | None,
        marker: RowAt,
    ) -> bool:
        start = self.rows("metadef_namespaces")[marker.place : marker.place + 1]
        # "pages over nulls"
        return sort_key is None or all(row[sort_key] is not None for row in [*whole, *start])

    @rule(order=st.sampled_from(BAD_ORDERS))
    def metadef_namespace_get_all_in_no_order(self, order: some.Values) -> None:
        self.hold("metadef_namespace_get_all", some.ADMIN, **order)

    # --- content -----------------------------------------------------------------------------

    @rule(context=some.mostly_admins, kind=kinds, namespace=namespaces_or_not, values=new_content)
    def content_is_added(
        self, context: RequestContext, kind: str, namespace: str, values: some.Values
    ) -> None:
        self.hold(f"metadef_{kind}_create", context, namespace, values)

    @rule(
        context=some.mostly_admins,
        kind=kinds,
        namespace=namespaces_or_not,
        choice=choices,
        values=content_changes,
    )
    def content_is_changed(
        self,
        context: RequestContext,
        kind: str,
        namespace: str,
        choice: int,
        values: some.Values,
    ) -> None:
        row = self.pair.place_of(KINDS[kind], choice)
        namespace = self._namespace_of(row, namespace)
        self.hold(f"metadef_{kind}_update", context, namespace, row, values)

    def _namespace_of(self, row: RowAt, otherwise: str) -> str:
        """Give the name of the row's namespace: through another it is not to be reached."""
        rows = self.rows(row.table)
        if row.place >= len(rows):
            return otherwise
        owner = rows[row.place]["namespace_id"]
        return next(
            str(namespace["namespace"])
            for namespace in self.rows("metadef_namespaces")
            if namespace["id"] == owner
        )

    @rule(
        context=some.contexts,
        kind=kinds,
        namespace=namespaces_or_not,
        function=st.sampled_from(["get", "get", "delete"]),
        name=new_names,
    )
    def content_is_asked_for_by_name(
        self, context: RequestContext, kind: str, namespace: str, function: str, name: str
    ) -> None:
        self.hold(f"metadef_{kind}_{function}", context, namespace, name)

    @rule(
        context=some.contexts,
        kind=kinds,
        namespace=namespaces_or_not,
        function=st.sampled_from(["get_all"] * 3 + ["count"] * 3 + ["delete_namespace_content"]),
    )
    def content_is_asked_for_as_a_whole(
        self, context: RequestContext, kind: str, namespace: str, function: str
    ) -> None:
        self.hold(f"metadef_{kind}_{function}", context, namespace)

    @rule(
        context=some.mostly_admins,
        namespace=namespaces_or_not,
        tags=st.lists(new_content, max_size=3),
        options=st.fixed_dictionaries({}, optional={"can_append": st.booleans()}),
    )
    def metadef_tag_create_tags(
        self,
        context: RequestContext,
        namespace: str,
        tags: list[some.Values],
        options: some.Values,
    ) -> None:
        self.hold("metadef_tag_create_tags", context, namespace, tags, **options)

    @rule(
        context=some.mostly_admins,
        namespace=namespaces_or_not,
        sort_key=st.sampled_from(["id", "name", "created_at", "updated_at", "namespace_id"]),
        order=orders,
        limit=limits,
        choice=choices,
    )
    def metadef_tag_get_all(
        self,
        context: RequestContext,
        namespace: str,
        sort_key: str,
        order: some.Values,
        limit: int | None,
        choice: int,
    ) -> None:
        marker = self.pair.place_of("metadef_tags", choice)
        namespace = self._namespace_of(marker, namespace)
        query = {"sort_key": sort_key, "limit": limit, "filters": {"name": "one"}, **order}
        self.hold("metadef_tag_get_all", context, namespace, **query)
        self.hold("metadef_tag_get_all", context, namespace, **query, marker=marker)

    @rule(order=st.sampled_from(BAD_ORDERS), choice=choices)
    def metadef_tag_get_all_in_no_order(self, order: some.Values, choice: int) -> None:
        rows = self.rows("metadef_namespaces")
        if rows:
            namespace = rows[choice % len(rows)]["namespace"]
            self.hold("metadef_tag_get_all", some.ADMIN, namespace, **order)

    # --- resource types ----------------------------------------------------------------------

    @rule(
        context=some.contexts,
        values=st.fixed_dictionaries(
            {},
            optional={
                "name": st.one_of(resource_types, resource_types, st.sampled_from([None, "😀"])),
                "protected": st.sampled_from([True, False, None, 1]),
                "created_at": times,
                "unknown": texts,
            },
        ),
    )
    def metadef_resource_type_create(self, context: RequestContext, values: some.Values) -> None:
        self.hold("metadef_resource_type_create", context, values)

    @rule(
        context=some.contexts,
        function=st.sampled_from(["get", "delete"]),
        name=st.sampled_from([*RESOURCE_TYPES, "missing"]),
    )
    def metadef_resource_type_get_or_delete(
        self, context: RequestContext, function: str, name: str
    ) -> None:
        self.hold(f"metadef_resource_type_{function}", context, name)

    @rule(context=some.contexts)
    def metadef_resource_type_get_all(self, context: RequestContext) -> None:
        self.hold("metadef_resource_type_get_all", context)

    @rule(
        context=some.mostly_admins,
        namespace=namespaces_or_not,
        values=st.fixed_dictionaries(
            {"name": resource_types},
            optional={"properties_target": texts, "prefix": texts, "unknown": texts},
        ),
        lacks=st.sampled_from([False] * 9 + [True]),
    )
    def metadef_resource_type_association_create(
        self, context: RequestContext, namespace: str, values: some.Values, lacks: bool
    ) -> None:
        if lacks:
            self.hold("metadef_resource_type_association_create", context, namespace, {"prefix": 1})
        else:
            self._associate(context, namespace, values)

    def _associate(self, context: RequestContext, namespace: str, values: some.Values) -> None:
        values = {"properties_target": None, "prefix": None} | values
        self.hold("metadef_resource_type_association_create", context, namespace, values)

    @rule(
        context=some.contexts,
        function=st.sampled_from(["get", "get", "delete"]),
        namespace=namespaces_or_not,
        name=st.sampled_from([*RESOURCE_TYPES, "missing"]),
    )
    def metadef_resource_type_association_get_or_delete(
        self, context: RequestContext, function: str, namespace: str, name: str
    ) -> None:
        self.hold(f"metadef_resource_type_association_{function}", context, namespace, name)

    @rule(context=some.contexts, namespace=namespaces_or_not)
    def metadef_resource_type_association_get_all_by_namespace(
        self, context: RequestContext, namespace: str
    ) -> None:
        function = "metadef_resource_type_association_get_all_by_namespace"
        self.hold(function, context, namespace)

    # --- what everybody sees in the end --------------------------------------------------------

    def look_around(self) -> None:
        for context in some.CONTEXTS.values():
            self.hold("metadef_namespace_get_all", context)
            for namespace in NAMESPACES:
                self.hold("metadef_namespace_get", context, namespace)
        for kind in KINDS:
            for namespace in NAMESPACES:
                self.hold(f"metadef_{kind}_get_all", some.ADMIN, namespace)


Agreement.TestCase.settings = settings(settings(), stateful_step_count=40)
TestAgreementOnMetadefs = Agreement.TestCase
