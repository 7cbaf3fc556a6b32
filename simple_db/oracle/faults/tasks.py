"""Faults of tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simple_db.model.errors import Forbidden, TaskNotFound
from simple_db.oracle.faults.breaking import breaks

if TYPE_CHECKING:
    from simple_db.oracle.faults.breaking import Asked


@breaks("task_create")
def the_message_is_dropped(call: Asked) -> Any:
    """A task has the message that it was created with."""
    return call.answer(values=call.given["values"] | {"message": None})


@breaks("task_update")
def the_result_is_lost(call: Asked) -> Any:
    """A task keeps the result that an update does not name."""
    return call.answer(values={"result": None} | call.given["values"])


@breaks("task_update", row="Q31")
def a_deleted_task_stays_deleted(call: Asked) -> Any:
    """Updating a deleted task revives it."""
    return call.answer_keeping("tasks", "deleted")


@breaks("task_get")
def the_task_of_another_is_not_found(call: Asked) -> Any:
    """Getting a task that the caller may not see raises Forbidden."""
    try:
        return call.answer()
    except Forbidden as error:
        raise TaskNotFound(str(error)) from error


@breaks("task_get_all")
def tasks_of_others_are_listed(call: Asked) -> Any:
    """A user is listed the tasks of its project only."""
    return call.answer(admin_as_user=True)


@breaks("task_get_all", row="Q32")
def expired_tasks_stay(call: Asked) -> Any:
    """A listing deletes the expired tasks of the caller's project."""
    return call.answer_keeping("tasks")


@breaks("task_get_all")
def the_marker_of_tasks_is_dropped(call: Asked) -> Any:
    """A page of tasks starts behind its marker."""
    call.answer()
    return call.answer(marker=None)
