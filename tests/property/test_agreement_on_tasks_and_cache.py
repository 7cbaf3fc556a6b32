"""Tasks and the image cache on simple_db and on Glance's SQL driver: held equal, as images are."""

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

pytestmark = pytest.mark.glance

TASK_IDS = ("task-1", "task-2", "task-3")
URLS = ("http://here", "http://there", "http://nowhere")

task_ids = st.sampled_from(TASK_IDS)
task_ids_or_not = st.sampled_from([*TASK_IDS, "", "missing", "t" * 37])
statuses = st.sampled_from(["pending", "processing", "success"])
owners = st.sampled_from([owner for owner in some.OWNERS if owner])
expiries = st.one_of(st.none(), some.times)
times_as_text = st.one_of(
    some.times.map(lambda time: time.isoformat(" ", "microseconds")),
    st.sampled_from(["2026-01-01T12:00:00Z", "2026-01-01 12:00:00", "soon", ""]),
)
json: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.just({}),
    st.just({"b": [1, 2.5, None], "a": "é"}),
    st.just(["list"]),
    st.just("t"),
)
image_ids = st.sampled_from(["image-1", "image-2", None])
cached_ids = st.sampled_from(["image-1", "image-2"])
urls = st.sampled_from(URLS)

task_values: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(["import", "export"]),
    "status": statuses,
    "owner": owners,
    "expires_at": expiries,
    "image_id": image_ids,
    "user_id": st.sampled_from([None, "user"]),
    "input": json,
    "result": json,
    "message": st.sampled_from([None, "", "done"]),
    "unknown": st.just("ignored"),
}
required = {name: task_values[name] for name in ("type", "status", "owner")}
optional = {name: values for name, values in task_values.items() if name not in required}
created_tasks = st.fixed_dictionaries(required, optional={**optional, "deleted": st.booleans()})
changed_tasks = st.fixed_dictionaries({}, optional={**task_values, "deleted": st.booleans()})


class Agreement(AgreementMachine):
    @initialize()
    def two_servers_are_known(self) -> None:
        for url in URLS[:2]:
            self.hold("node_reference_create", some.ADMIN, url)

    # --- tasks -------------------------------------------------------------------------------

    @rule(context=some.contexts, task_id=st.one_of(st.none(), task_ids), values=created_tasks)
    def task_create(
        self, context: RequestContext, task_id: str | None, values: some.Values
    ) -> None:
        self.hold("task_create", context, values | ({"id": task_id} if task_id else {}))

    @rule(context=some.contexts, task_id=task_ids_or_not, values=changed_tasks)
    def task_update(self, context: RequestContext, task_id: str, values: some.Values) -> None:
        self.hold("task_update", context, task_id, values)

    @rule(context=some.contexts, task_id=task_ids_or_not)
    def task_delete(self, context: RequestContext, task_id: str) -> None:
        self.hold("task_delete", context, task_id)

    @rule(context=some.contexts, task_id=task_ids_or_not, force=st.booleans())
    def task_get(self, context: RequestContext, task_id: str, force: bool) -> None:
        self.hold("task_get", context, task_id, force_show_deleted=force)

    @rule(
        context=some.contexts,
        filters=st.fixed_dictionaries(
            {},
            optional={
                "status": st.one_of(statuses, st.none()),
                "type": st.just("import"),
                "owner": owners,
                "image_id": image_ids,
                "deleted": st.booleans(),
                "created_at": times_as_text,
                "expires_at": times_as_text,
                "colour": st.just("red"),
            },
        ),
        query=st.fixed_dictionaries(
            {},
            optional={
                "sort_key": st.sampled_from(["created_at", "id", "status", "owner", "bogus"]),
                "sort_dir": st.sampled_from(["asc", "desc", "up", None]),
                "limit": st.sampled_from([None, 0, 1, 2]),
                "marker": task_ids_or_not,
                "admin_as_user": st.booleans(),
            },
        ),
    )
    def task_get_all(
        self, context: RequestContext, filters: some.Values, query: some.Values
    ) -> None:
        bad = query.get("sort_key") == "bogus" or query.get("sort_dir") == "up"
        if bad and "marker" in query:
            return  # "two faults in one call"
        self.hold("task_get_all", context, filters=filters, **query)

    @rule(context=some.contexts, image_id=st.sampled_from(["image-1", "image-2", "image-3"]))
    def tasks_get_by_image(self, context: RequestContext, image_id: str) -> None:
        self.hold("tasks_get_by_image", context, image_id)

    @rule(context=some.contexts, age_in_days=st.integers(0, 2), max_rows=st.sampled_from([-1, 0]))
    def purge_deleted_rows(self, context: RequestContext, age_in_days: int, max_rows: int) -> None:
        self.hold("purge_deleted_rows", context, age_in_days, max_rows)

    # --- the image cache ---------------------------------------------------------------------

    @rule(context=some.contexts, url=st.sampled_from([*URLS[:2], "http://😀"]))
    def node_reference_create(self, context: RequestContext, url: str) -> None:
        self.hold("node_reference_create", context, url)

    @rule(context=some.contexts, url=urls)
    def node_reference_get_by_url(self, context: RequestContext, url: str) -> None:
        self.hold("node_reference_get_by_url", context, url)

    @rule(
        context=some.contexts,
        url=urls,
        image_id=cached_ids,
        details=st.fixed_dictionaries(
            {"filesize": st.integers(0, 2**40)},
            optional={
                "checksum": st.sampled_from([None, "c" * 32]),
                "last_accessed": expiries,
                "last_modified": expiries,
                "hits": st.one_of(st.none(), st.integers(0, 9)),
            },
        ),
    )
    def insert_cache_details(
        self, context: RequestContext, url: str, image_id: str, details: some.Values
    ) -> None:
        self.hold("insert_cache_details", context, url, image_id, **details)

    @rule(
        context=some.contexts,
        function=st.sampled_from(["update_hit_count", "get_hit_count", "delete_cached_image"]),
        url=urls,
        image_id=cached_ids,
    )
    def a_cached_image_is_used(
        self, context: RequestContext, function: str, url: str, image_id: str
    ) -> None:
        self.hold(function, context, image_id, url)

    @rule(
        context=some.contexts,
        function=st.sampled_from(["get_cached_images", "delete_all_cached_images"]),
        url=urls,
    )
    def a_cache_is_used(self, context: RequestContext, function: str, url: str) -> None:
        self.hold(function, context, url)

    @rule(context=some.contexts, url=urls, image_id=cached_ids)
    def is_image_cached_for_node(self, context: RequestContext, url: str, image_id: str) -> None:
        self.hold("is_image_cached_for_node", context, url, image_id)

    def look_around(self) -> None:
        for context in some.CONTEXTS.values():
            self.hold("task_get_all", context)
            for row in self.pair.ours.tables["tasks"]:
                self.hold("task_get", context, row["id"], force_show_deleted=True)
        for url in URLS:
            self.hold("get_cached_images", some.ADMIN, url)


Agreement.TestCase.settings = settings(settings(), stateful_step_count=30)
TestAgreementOnTasksAndCache = Agreement.TestCase
