"""Random calls on tasks."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from simple_db.oracle.programs.domain import TASK_IDS
from simple_db.oracle.programs.draws import (
    Calls,
    Values,
    admin,
    anyone,
    calls_of,
    image_ids,
    some,
    times,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_task_ids = st.sampled_from(TASK_IDS)
_json = st.sampled_from([{}, None, {"b": [1, 2.5, None], "a": "é"}, ["list"], "t"])
_TASK: Values = {
    "type": st.sampled_from(["import", "export"]),
    "status": st.sampled_from(["pending", "processing", "success"]),
    "owner": st.sampled_from(["alice", "stranger"]),
    "expires_at": st.one_of(st.none(), st.just(dt.datetime(2100, 1, 1)), times),  # noqa: DTZ001
    "image_id": st.one_of(st.none(), image_ids),
    "user_id": st.sampled_from([None, "user"]),
    "input": _json,
    "result": _json,
    "message": st.sampled_from([None, "", "done"]),
    "unknown": st.just("ignored"),
}
_KEPT_TASK = {key: kind for key, kind in _TASK.items() if key != "owner"}
_required_of_tasks = {key: _TASK[key] for key in ("type", "status", "owner", "input")}
_new_tasks = some(
    {"id": _task_ids, **_required_of_tasks},
    **{key: kind for key, kind in _TASK.items() if key not in _required_of_tasks},
)
TASKS: Sequence[Calls] = (
    *[calls_of("task_create", admin, values=_new_tasks)] * 2,
    calls_of("task_update", admin, task_id=_task_ids, values=some(**_TASK)),
    # Without the owner: the SQL driver refuses to give a task away, and does it nevertheless.
    calls_of("task_update", anyone, task_id=_task_ids, values=some(**_KEPT_TASK)),
    calls_of("task_delete", task_id=_task_ids),
    calls_of("task_get", anyone, task_id=_task_ids, force_show_deleted=st.booleans()),
    *[
        calls_of(
            "task_get_all",
            anyone,
            filters=some(
                status=_TASK["status"],
                type=_TASK["type"],
                owner=_TASK["owner"],
                image_id=image_ids,
                deleted=st.booleans(),
                unknown=st.just("ignored"),
            ),
            sort_key=st.sampled_from(["created_at", "id", "status", "owner"]),
            sort_dir=st.sampled_from(["asc", "desc"]),
            limit=st.integers(0, 2),
            marker=_task_ids,
            admin_as_user=st.booleans(),
        )
    ]
    * 2,
    calls_of("tasks_get_by_image", anyone, image_id=image_ids),
)
