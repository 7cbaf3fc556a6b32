"""Tasks and the image cache of simple_db against a naive model: plain lists of dict rows.

A task and what it was told are one row here, and a listing is a sorted list, sliced.
"""

from __future__ import annotations

import copy
import datetime as dt
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from simple_db import Database
from tests.property import strategies as some
from tests.property.test_naive_model import Refused, outcome
from tests.support.world import BEGINNING, World

if TYPE_CHECKING:
    from simple_db import RequestContext

Row = dict[str, Any]

TASK_IDS = ("task-b", "task-a", "task-D")
URLS = ("http://here", "http://there", "http://nowhere")
IMAGE_IDS = ("image-1", "image-2")
INFO = ("input", "result", "message")
TIMES = ("created_at", "updated_at", "deleted_at")
COLUMNS = ("id", "type", "status", "owner", "expires_at", "image_id", "request_id", "user_id")


class Tasks:
    """A list of tasks."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tasks: list[Row] = []

    def _sees(self, context: RequestContext, task: Row) -> bool:
        return context.is_admin or task["owner"] == context.owner

    def _visible(
        self, context: RequestContext, tasks: list[Row], task_id: str, *, deleted: bool = False
    ) -> Row:
        for task in tasks:
            if task["id"] == task_id and (
                deleted or context.can_see_deleted or not task["deleted"]
            ):
                if not self._sees(context, task):
                    raise Refused("Forbidden")
                return task
        raise Refused("TaskNotFound")

    def _deletion(self) -> Row:
        now = self.world.now()
        return {"deleted": True, "deleted_at": now, "updated_at": now}

    def _tasks_after_expiry(self, context: RequestContext) -> list[Row]:
        return [
            task | self._deletion()
            if task["owner"] == context.owner
            and not task["deleted"]
            and task["expires_at"] is not None
            and task["expires_at"] <= self.world.now()
            else task
            for task in self.tasks
        ]

    def task_create(self, context: RequestContext, values: Row) -> Row:
        task_id = values.get("id", self.world.new_id())
        if any(task["id"] == task_id for task in self.tasks):
            raise Refused("Duplicate")
        now = self.world.now()
        task = dict.fromkeys((*COLUMNS, *TIMES, *INFO)) | {"deleted": False}
        task |= {"created_at": now, "updated_at": now}
        task |= {key: values[key] for key in values if key in task} | {"id": task_id}
        self._visible(context, [task], task_id)
        self.tasks.append(task)
        return dict(task)

    def task_update(self, context: RequestContext, task_id: str, values: Row) -> Row:
        task = self._visible(context, self.tasks, task_id)
        changes = {key: values[key] for key in values if key in (*COLUMNS, *INFO)}
        changed = task | changes | {"deleted": False, "updated_at": self.world.now()}
        self._visible(context, [changed], task_id)
        task.update(changed)
        return changed

    def task_delete(self, context: RequestContext, task_id: str) -> Row:
        task = self._visible(context, self.tasks, task_id)
        task.update(self._deletion())
        return dict(task)

    def task_get(self, context: RequestContext, task_id: str, force_show_deleted: bool) -> Row:
        return dict(self._visible(context, self.tasks, task_id, deleted=force_show_deleted))

    def task_get_all(
        self,
        context: RequestContext,
        filters: Row,
        marker: str | None,
        limit: int | None,
        sort_key: str,
        sort_dir: str,
        admin_as_user: bool,
    ) -> list[Row]:
        tasks = self._tasks_after_expiry(context)
        place = None
        if marker is not None:
            place = self._visible(context, tasks, marker, deleted=filters.get("deleted", False))
        self.tasks = tasks
        everyones = context.is_admin or context.owner is None or admin_as_user
        ordered = [
            task
            for task in tasks
            if task is place
            or ((everyones or task["owner"] == context.owner) and self._matches(task, filters))
        ]
        ordered.sort(key=itemgetter("created_at", "id"))
        if sort_key != "id":  # by id is in the order of creation
            ordered.sort(key=lambda task: (task[sort_key] is not None, task[sort_key]))
        if sort_dir == "desc":
            ordered.reverse()
        start = 0 if place is None else 1 + ordered.index(place)
        return [
            {key: value for key, value in task.items() if key not in INFO}
            for task in ordered[start:][:limit]
        ]

    def _matches(self, task: Row, filters: Row) -> bool:
        return all(
            value is None or task[key] == value for key, value in filters.items() if key in task
        )

    def tasks_get_by_image(self, context: RequestContext, image_id: str) -> list[Row]:
        self.tasks = self._tasks_after_expiry(context)
        found = [
            dict(task)
            for task in self.tasks
            if task["image_id"] == image_id
            and self._sees(context, task)
            and (context.can_see_deleted or not task["deleted"])
            and (task["expires_at"] is None or task["expires_at"] >= self.world.now())
        ]
        return sorted(found, key=itemgetter("created_at", "id"))

    def purge_deleted_rows(self, _context: RequestContext, age_in_days: int, max_rows: int) -> None:
        before = self.world.now() - dt.timedelta(days=age_in_days)
        old = [task for task in self.tasks if task["deleted_at"] and task["deleted_at"] < before]
        old.sort(key=itemgetter("deleted_at", "id"))
        for task in old if max_rows == -1 else old[:max_rows]:
            self.tasks.remove(task)


class Caches:
    """A list of servers, and one of the images in their caches."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.nodes: list[Row] = []
        self.cached: list[Row] = []
        self.last_id = 0

    def node_reference_create(self, _context: RequestContext, url: str) -> Row:
        if any(node["node_reference_url"] == url for node in self.nodes):
            raise Refused("Duplicate")
        node = {"node_reference_id": len(self.nodes) + 1, "node_reference_url": url}
        self.nodes.append(node)
        return node

    def node_reference_get_by_url(self, _context: RequestContext, url: str) -> Row:
        for node in self.nodes:
            if node["node_reference_url"] == url:
                return node
        raise Refused("NotFound")

    def insert_cache_details(
        self,
        context: RequestContext,
        url: str,
        image_id: str,
        filesize: int,
        checksum: str | None,
        last_accessed: dt.datetime | None,
        last_modified: dt.datetime | None,
        hits: int | None,
    ) -> None:
        self.node_reference_get_by_url(context, url)
        if self._cached(url, image_id):
            return
        self.last_id += 1
        self.cached.append(
            {
                "id": self.last_id,
                "url": url,
                "image_id": image_id,
                "size": filesize,
                "checksum": checksum,
                "last_accessed": last_accessed or self.world.now(),
                "last_modified": last_modified or self.world.now(),
                "hits": hits or 0,
            }
        )

    def _cached(self, url: str, image_id: str) -> list[Row]:
        return [row for row in self.cached if (row["url"], row["image_id"]) == (url, image_id)]

    def update_hit_count(self, _context: RequestContext, image_id: str, url: str) -> None:
        for row in self._cached(url, image_id):
            row.update(hits=row["hits"] + 1, last_accessed=self.world.now())

    def get_hit_count(self, _context: RequestContext, image_id: str, url: str) -> int:
        return sum(row["hits"] for row in self._cached(url, image_id))

    def is_image_cached_for_node(self, _context: RequestContext, url: str, image_id: str) -> bool:
        return self._cached(url, image_id) != []

    def get_cached_images(self, _context: RequestContext, url: str) -> list[Row]:
        return [
            {
                "id": row["id"],
                "image_id": row["image_id"],
                "size": row["size"],
                "checksum": row["checksum"],
                "last_accessed": row["last_accessed"].timestamp(),
                "last_modified": row["last_modified"].timestamp(),
                "hits": row["hits"],
            }
            for row in self.cached
            if row["url"] == url
        ]

    def get_cached_nodes(self, _context: RequestContext, image_id: str) -> list[str]:
        return [row["url"] for row in self.cached if row["image_id"] == image_id]

    def get_least_recently_accessed(self, _context: RequestContext, url: str) -> str | None:
        rows = [row for row in self.cached if row["url"] == url]
        rows.sort(key=itemgetter("last_accessed", "id"))
        return rows[0]["image_id"] if rows else None

    def delete_cached_image(self, _context: RequestContext, image_id: str, url: str) -> None:
        for row in self._cached(url, image_id):
            self.cached.remove(row)

    def delete_all_cached_images(self, _context: RequestContext, url: str) -> None:
        self.cached = [row for row in self.cached if row["url"] != url]


# --- what the model understands: no conversions, no faults -----------------------------------

_callers = st.sampled_from(
    [one for one in some.CONTEXTS.values() if one.owner in (None, "alice", "bob")]
)
_task_ids = st.sampled_from([*TASK_IDS, *TASK_IDS, "missing"])
_owners = st.sampled_from(["alice", "bob"])
_image_ids = st.sampled_from(IMAGE_IDS)
_urls = st.sampled_from([*URLS, *URLS[:2]])
_times = st.integers(-1, 4).map(lambda days: BEGINNING + dt.timedelta(days=days))
_maybe_times = st.one_of(st.none(), _times)
_json: st.SearchStrategy[Any] = st.sampled_from([None, {}, {"a": [1, 2.5, None]}, ["é"], "text"])
_given: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(["import", "export"]),
    "status": st.sampled_from(["pending", "success"]),
    "owner": _owners,
    "image_id": st.sampled_from([*IMAGE_IDS, None]),
    "expires_at": _maybe_times,
}
_optional: dict[str, st.SearchStrategy[Any]] = {
    "user_id": st.sampled_from([None, "user"]),
    "input": _json,
    "result": _json,
    "message": st.sampled_from([None, "", "done"]),
    "created_at": _times,
    "updated_at": _times,
    "deleted": st.booleans(),
    "unknown": st.just("ignored"),
}
_created = st.fixed_dictionaries(_given, optional=_optional | {"id": st.sampled_from(TASK_IDS)})
_changed = st.fixed_dictionaries({}, optional=_given | _optional)
_asked: dict[str, st.SearchStrategy[Any]] = {
    "status": st.sampled_from(["pending", "success", None]),
    "owner": _owners,
    "image_id": _image_ids,
    "expires_at": _times,
    "deleted": st.booleans(),
    "unknown": st.just("ignored"),
}
_filters = st.lists(st.sampled_from(sorted(_asked)), max_size=2, unique=True).flatmap(
    lambda keys: st.fixed_dictionaries({key: _asked[key] for key in keys})
)


class Machine(RuleBasedStateMachine):
    """A model and simple_db in the same world."""

    model_of: type[Tasks | Caches]

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.model = self.model_of(self.world)
        self.db = Database(clock=self.world.now, new_id=self.world.new_id)

    def hold(self, function: str, /, *args: Any) -> None:
        """Make a call on both, and hold them to give the same answer or the same error."""
        self.world.next_turn()
        before = self.db.snapshot()
        expected = outcome(self.model, function, args)
        given = copy.deepcopy(args)
        assert outcome(self.db, function, given) == expected
        assert given == args  # the arguments are as they were
        if isinstance(expected, Refused):
            assert self.db.snapshot() == before

    @initialize(running=st.booleans())
    def the_clock_runs_or_stands_still(self, running: bool) -> None:
        self.world.running = running

    @rule()
    def a_day_passes(self) -> None:
        self.world.pass_time(days=1)

    @rule()
    def a_snapshot_is_the_whole_database(self) -> None:
        snapshot = self.db.snapshot()
        restored = Database(clock=self.world.now, new_id=self.world.new_id)
        restored.restore(snapshot)
        assert restored.snapshot() == snapshot
        self.db = restored

    @invariant()
    def the_store_is_sound(self) -> None:
        self.db.check()


class TasksAgainstTheModel(Machine):
    model_of = Tasks

    @initialize(tasks=st.lists(_created, min_size=3, max_size=3))
    def some_tasks_exist(self, tasks: list[Row]) -> None:
        for task_id, values in zip(TASK_IDS, tasks, strict=True):
            self.hold("task_create", some.ADMIN, values | {"id": task_id})

    @rule(context=_callers, values=_created)
    def task_create(self, context: RequestContext, values: Row) -> None:
        self.hold("task_create", context, values)

    @rule(context=_callers, task_id=_task_ids, values=_changed)
    def task_update(self, context: RequestContext, task_id: str, values: Row) -> None:
        self.hold("task_update", context, task_id, values)

    @rule(context=_callers, task_id=_task_ids)
    def task_delete(self, context: RequestContext, task_id: str) -> None:
        self.hold("task_delete", context, task_id)

    @rule(context=_callers, task_id=_task_ids, force=st.booleans())
    def task_get(self, context: RequestContext, task_id: str, force: bool) -> None:
        self.hold("task_get", context, task_id, force)

    @rule(
        context=_callers,
        filters=_filters,
        marker=st.one_of(st.none(), _task_ids),
        limit=st.one_of(st.none(), st.integers(0, 2)),
        sort_key=st.sampled_from([*COLUMNS, *TIMES, "deleted"]),
        sort_dir=st.sampled_from(["asc", "desc"]),
        admin_as_user=st.booleans(),
    )
    def task_get_all(
        self,
        context: RequestContext,
        filters: Row,
        marker: str | None,
        limit: int | None,
        sort_key: str,
        sort_dir: str,
        admin_as_user: bool,
    ) -> None:
        query = (filters, marker, limit, sort_key, sort_dir, admin_as_user)
        self.hold("task_get_all", context, *query)

    @rule(context=_callers, image_id=_image_ids)
    def tasks_get_by_image(self, context: RequestContext, image_id: str) -> None:
        self.hold("tasks_get_by_image", context, image_id)

    @rule(deleted=st.lists(_task_ids, max_size=3), revived=st.lists(_task_ids, max_size=1))
    def tasks_are_deleted_and_revived(self, deleted: list[str], revived: list[str]) -> None:
        for task_id in deleted:
            self.hold("task_delete", some.ADMIN, task_id)
        for task_id in revived:
            self.hold("task_update", some.ADMIN, task_id, {})

    @rule(context=_callers, age=st.integers(0, 1), max_rows=st.integers(-1, 2))
    def purge_deleted_rows(self, context: RequestContext, age: int, max_rows: int) -> None:
        self.hold("purge_deleted_rows", context, age, max_rows)

    @invariant()
    def both_hold_the_same_tasks(self) -> None:
        self.hold("task_get_all", some.ADMIN, {}, None, None, "id", "asc", False)
        for task_id in TASK_IDS:
            self.hold("task_get", some.ADMIN, task_id, True)


class CachesAgainstTheModel(Machine):
    model_of = Caches

    @initialize()
    def two_servers_are_known(self) -> None:
        for url in URLS[:2]:
            self.hold("node_reference_create", some.ADMIN, url)

    @rule(context=_callers, url=_urls)
    def node_reference_get_by_url(self, context: RequestContext, url: str) -> None:
        self.hold("node_reference_get_by_url", context, url)

    @rule(context=_callers, url=st.sampled_from([*URLS[:2], "http://another"]))
    def node_reference_create(self, context: RequestContext, url: str) -> None:
        self.hold("node_reference_create", context, url)

    @rule(
        context=_callers,
        url=_urls,
        image_id=_image_ids,
        filesize=st.integers(0, 2**40),
        checksum=st.sampled_from([None, "c" * 32]),
        last_accessed=_maybe_times,
        last_modified=_maybe_times,
        hits=st.one_of(st.none(), st.integers(0, 9)),
    )
    def insert_cache_details(
        self,
        context: RequestContext,
        url: str,
        image_id: str,
        filesize: int,
        checksum: str | None,
        last_accessed: dt.datetime | None,
        last_modified: dt.datetime | None,
        hits: int | None,
    ) -> None:
        details = (filesize, checksum, last_accessed, last_modified, hits)
        self.hold("insert_cache_details", context, url, image_id, *details)

    @rule(
        context=_callers,
        function=st.sampled_from(["update_hit_count", "get_hit_count", "delete_cached_image"]),
        image_id=_image_ids,
        url=_urls,
    )
    def a_cached_image_is_used(
        self, context: RequestContext, function: str, image_id: str, url: str
    ) -> None:
        self.hold(function, context, image_id, url)

    @rule(context=_callers, url=_urls, image_id=_image_ids)
    def is_image_cached_for_node(self, context: RequestContext, url: str, image_id: str) -> None:
        self.hold("is_image_cached_for_node", context, url, image_id)

    @rule(context=_callers, url=_urls)
    def delete_all_cached_images(self, context: RequestContext, url: str) -> None:
        self.hold("delete_all_cached_images", context, url)

    @invariant()
    def both_hold_the_same_caches(self) -> None:
        for url in URLS:
            self.hold("get_cached_images", some.ADMIN, url)
            self.hold("get_least_recently_accessed", some.ADMIN, url)
        for image_id in IMAGE_IDS:
            self.hold("get_cached_nodes", some.ADMIN, image_id)


TasksAgainstTheModel.TestCase.settings = settings(settings(), stateful_step_count=40)
TestTasksAgainstTheNaiveModel = TasksAgainstTheModel.TestCase
CachesAgainstTheModel.TestCase.settings = settings(settings(), stateful_step_count=40)
TestCachesAgainstTheNaiveModel = CachesAgainstTheModel.TestCase
