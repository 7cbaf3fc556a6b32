"""Tasks: work that Glance does in the background, such as an import of an image."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

import attrs

from simple_db.model.errors import Duplicate, Forbidden, Invalid, TaskNotFound
from simple_db.model.records import Column, Task, TaskInfo, as_dict, columns_of, soft_deleted
from simple_db.model.shapes import Context, ListedTaskDict, SortDirection, TaskDict
from simple_db.model.values import (
    checked_id,
    json_copy,
    mapping,
    require_keys,
    shown,
    stored_columns,
    worded,
)
from simple_db.operations.visibility import Caller, caller_of, exists_for
from simple_db.queries import filters as row_filters
from simple_db.queries import paging, plan
from simple_db.store import HasStore, Tables

_PROTECTED = ("created_at", "updated_at", "deleted_at", "deleted")
_INFO = ("input", "result", "message")


def task_create(db: HasStore, context: Context | None, values: Mapping[str, Any]) -> TaskDict:
    """Create a task and return a fresh dict of it with its input, result and message.

    Args:
        context: Who calls; the task must be visible to the caller.
        values: Columns of the task, of which ``type``, ``status`` and ``owner`` are required and
            ``id`` is made up unless given; ``input`` and ``result``, anything JSON can hold;
            ``message``, text. Times are naive UTC. Other keys are ignored.

    Raises:
        Invalid: a value is missing or wrong.
        Duplicate: there is a task of that id, deleted or not.
        TaskNotFound: the task is created deleted, and the caller may not see such.
        Forbidden: the task would not be visible to the caller. No task is created.
    """
    caller = caller_of(context)
    named = _named(values)
    with db.store.writing() as tables:
        task = _insert(tables, named)
        tables.task_infos.put(TaskInfo(task_id=task.id, **_info(named)))
        _visible_task(tables, caller, task.id)
        return _with_info(tables, task)


def task_update(
    db: HasStore, context: Context | None, task_id: str, values: Mapping[str, Any]
) -> TaskDict:
    """Change a task and return a fresh dict of it with its input, result and message.

    A deleted task, which administrators see, is live again afterwards.

    Args:
        context: Who calls; the task must be visible to the caller, before and afterwards.
        task_id: The task.
        values: As for `task_create`, each optional. Times but ``expires_at`` are ignored.

    Raises:
        TaskNotFound: there is no such task, or it is deleted and the caller may not see that.
        Forbidden: the caller may not see the task, or would not afterwards.
        Invalid: a value is wrong.
    """
    caller = caller_of(context)
    named = _named(values)
    with db.store.writing() as tables:
        task = _visible_task(tables, caller, task_id)
        changes = _changes(task, named)
        tables.tasks.put(attrs.evolve(task, **changes, deleted=False, updated_at=tables.now))
        info = tables.task_infos.get(task_id)
        if info is not None:
            tables.task_infos.put(attrs.evolve(info, **_info(named)))
        return _with_info(tables, _visible_task(tables, caller, task_id))


def task_delete(db: HasStore, context: Context | None, task_id: str) -> TaskDict:
    """Soft-delete a task and return a fresh dict of it with its input, result and message.

    Args:
        context: Who calls; the task must be visible to the caller.
        task_id: The task.

    Raises:
        TaskNotFound: there is no such task, or it is deleted and the caller may not see that.
        Forbidden: the caller may not see the task.
    """
    caller = caller_of(context)
    with db.store.writing() as tables:
        task = _visible_task(tables, caller, task_id)
        return _with_info(tables, tables.tasks.put(soft_deleted(task, tables.now)))


def task_get(
    db: HasStore, context: Context | None, task_id: str, force_show_deleted: bool = False
) -> TaskDict:
    """Return a fresh dict of the task with its input, result and message.

    Args:
        context: Who calls; the task must be visible to the caller.
        task_id: The task.
        force_show_deleted: Whether a deleted task is found.

    Raises:
        TaskNotFound: there is no such task, or it is deleted and the caller may not see that.
        Forbidden: the caller may not see the task.
    """
    caller = caller_of(context)
    with db.store.reading() as tables:
        task = _visible_task(tables, caller, task_id, show_deleted=force_show_deleted)
        return _with_info(tables, task)


def task_get_all(
    db: HasStore,
    context: Context | None,
    filters: Mapping[str, Any] | None = None,
    marker: str | None = None,
    limit: int | None = None,
    sort_key: str = "created_at",
    sort_dir: SortDirection | None = "desc",
    admin_as_user: bool = False,
) -> list[ListedTaskDict]:
    """Return fresh dicts of the tasks that match all filters, in order, one page.

    The dicts are without input, result and message. Expired tasks of the caller's project are
    soft-deleted first; deleted tasks are listed too, unless the filter ``deleted`` excludes them.

    Args:
        context: Who calls. An administrator, and a caller without project, is shown every task,
            anyone else those of their project.
        filters: Columns of ``tasks`` and what they equal; None and other keys are ignored. Text
            equals a time that is written like this: ``2026-01-01 12:00:00.000000``.
        marker: The id of the task after whose place the page starts.
        limit: How many tasks the page has at most.
        sort_key: A column to sort by; ties are broken by ``created_at`` and ``id``.
        sort_dir: ``asc`` or ``desc``, for all of them; None is ``asc``.
        admin_as_user: If true, every caller is shown every task, as in Glance's driver.

    Raises:
        Invalid: a filter, the sort key or direction, or the limit is wrong; a subclass says more.
        TaskNotFound: there is no task of the marker's id, or it is deleted and not shown.
        Forbidden: the caller may not see the marker.
    """
    given = mapping(filters or {}, "filters")
    conditions = [
        _equals(columns_of(Task)[key], value)
        # A query of Glance's API is a mapping that can have a key several times.
        for key, value in (filters or {}).items()
        if key in columns_of(Task) and (value is not None or key == "deleted")
    ]
    order = paging.sort_order(Task, [_leading(sort_key)], [sort_dir or "asc"])
    page_limit = paging.page_limit(limit)
    caller = caller_of(context)
    with db.store.writing() as tables:
        _delete_expired(tables, caller)
        start = None
        if marker is not None:
            start = _visible_task(tables, caller, marker, show_deleted=bool(given.get("deleted")))
        everyones = caller.is_admin or admin_as_user or caller.owner is None
        page = plan.page(
            tables.tasks,
            order,
            start,
            page_limit,
            lambda task: (
                (everyones or task.owner == caller.owner)
                and all(condition(task) for condition in conditions)
            ),
            [] if everyones else [[tables.tasks.having(owner=caller.owner)]],
        )
        return [_task_dict(task) for task in page]


def tasks_get_by_image(db: HasStore, context: Context | None, image_id: str) -> list[TaskDict]:
    """Return fresh dicts of the image's tasks that the caller may see, the oldest first.

    The dicts have input, result and message. Expired tasks of the caller's project are
    soft-deleted first, and no expired task is among them.

    Args:
        context: Who calls; deleted tasks are shown to those who can see deleted ones.
        image_id: The image; it need not exist.
    """
    caller = caller_of(context)
    with db.store.writing() as tables:
        _delete_expired(tables, caller)
        rows = [
            task
            for task in tables.tasks.where(image_id=image_id)
            if (task.expires_at is None or task.expires_at >= tables.now)
            and exists_for(caller, task)
            and _may_see(caller, task)
        ]
        rows.sort(key=lambda task: (task.created_at, task.id))
        return [_with_info(tables, task) for task in rows]


def _equals(column: Column, value: object) -> Callable[[Task], bool]:
    """Return the condition that a column equals the value; a time equals its text in SQLite."""
    if column.type.kind != "datetime" or not isinstance(value, str):
        return row_filters.equals(column, value)

    def equals(task: Task) -> bool:
        time = getattr(task, column.name)
        return time is not None and bool(time.isoformat(" ", "microseconds") == value)

    return equals


def _named(task: Mapping[str, Any]) -> dict[str, Any]:
    return mapping(task, "the values of a task")


def _insert(tables: Tables, named: Mapping[str, Any]) -> Task:
    given = {key: value for key, value in named.items() if value is not None}
    require_keys(given, ["type", "status", "owner"], "the task")
    columns = {"created_at": tables.now, "updated_at": tables.now} | stored_columns(Task, given)
    task_id = checked_id(Task, columns.pop("id") if "id" in columns else tables.new_id())
    if tables.tasks.get(task_id) is not None:
        raise Duplicate(f"Task ID {task_id} already exists")
    return tables.tasks.put(Task(id=task_id, **columns))


def _changes(task: Task, named: Mapping[str, Any]) -> dict[str, Any]:
    changes = stored_columns(
        Task, {key: value for key, value in named.items() if key not in _PROTECTED}
    )
    if changes.get("id", task.id) != task.id:
        raise Invalid(f"the id of task {task.id} cannot become {shown(changes['id'])}")
    return changes


def _info(named: Mapping[str, Any]) -> dict[str, Any]:
    return stored_columns(TaskInfo, {key: named[key] for key in _INFO if key in named})


def _may_see(caller: Caller, task: Task) -> bool:
    return caller.is_admin or (caller.owner is not None and task.owner == caller.owner)


def _visible_task(
    tables: Tables, caller: Caller, task_id: object, *, show_deleted: bool = False
) -> Task:
    task = tables.tasks.get(task_id)
    if task is None or not exists_for(caller, task, show_deleted=show_deleted):
        raise TaskNotFound(f"No task found with ID {worded(task_id)}")
    if not _may_see(caller, task):
        raise Forbidden(f"Task {task.id} is not visible to project {worded(caller.owner)}")
    return task


def _delete_expired(tables: Tables, caller: Caller) -> None:
    for task in list(_expired(tables, caller.owner)):
        tables.tasks.put(soft_deleted(task, tables.now))


def _expired(tables: Tables, owner: str | None) -> Collection[Task]:
    """Return the live tasks of a project whose time is over."""
    order = paging.ascending("owner", "deleted", "expires_at", "id")
    live = order.beginning(owner, False)
    last = order.beginning(owner, False, tables.now)
    return tables.tasks.ordered(order).between((*live, (True,)), last)


def _leading(sort_key: str) -> str:
    # Glance's driver ignores a sort key that breaks ties anyway.
    return "created_at" if sort_key == "id" else sort_key


def _task_dict(task: Task) -> ListedTaskDict:
    return cast("ListedTaskDict", as_dict(task))


def _with_info(tables: Tables, task: Task) -> TaskDict:
    answer = as_dict(task)
    info = tables.task_infos.get(task.id)
    if info is not None:
        answer["input"] = json_copy(info.input)
        answer["result"] = json_copy(info.result)
        answer["message"] = info.message
    return cast("TaskDict", answer)
