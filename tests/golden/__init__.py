"""Snapshots of every format version that there has been, each written by a release of its time.

They are all of one database, which `filled` makes with calls that every release has had. A new
version of the format gets its file with ``python -m tests.golden``, and the files stay for ever.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from simple_db import Database, RequestContext

DIRECTORY = Path(__file__).parent

_ADMIN = RequestContext(owner="admin", is_admin=True)
_BEGINNING = dt.datetime(2026, 1, 1, 12)  # noqa: DTZ001 - naive UTC, as every time in the database
_AWKWARD = 'a "quoted"\\\n\0\u00e9\u2028 text'


class _Clock:
    """Gives a time that is later each time, on a second now and then."""

    def __init__(self) -> None:
        self._ticks = 0

    def __call__(self) -> dt.datetime:
        self._ticks += 1
        return _BEGINNING + dt.timedelta(microseconds=250_000 * self._ticks)


def filled() -> Database:
    """Make a database with rows in every table, deleted ones too where there can be any."""
    db = Database(clock=_Clock())
    for image_id in ("b", "a", "c"):
        _add_image(db, image_id)
    db.image_set_property_atomic("a", "lock", "mine")
    db.image_delete_property_atomic("a", "lock", "mine")
    db.image_destroy(_ADMIN, "b")
    db.image_destroy(_ADMIN, "c")
    db.purge_deleted_rows(_ADMIN, 0, 1)
    _add_tasks(db)
    _add_definitions(db)
    for node in ("http://here", "http://there"):
        db.node_reference_create(_ADMIN, node)
        db.insert_cache_details(_ADMIN, node, "a", 2**40, checksum="c" * 32, hits=3)
    db.delete_cached_image(_ADMIN, "a", "http://here")
    return db


def _add_image(db: Database, image_id: str) -> None:
    db.image_create(
        _ADMIN,
        {
            "id": image_id,
            "name": _AWKWARD,
            "status": "active",
            "owner": "alice",
            "visibility": "community",
            "disk_format": "qcow2",
            "container_format": "bare",
            "size": 2**63 - 1,
            "virtual_size": 0,
            "min_disk": 2**31 - 1,
            "protected": False,
            "os_hidden": True,
            "os_hash_algo": "sha512",
            "os_hash_value": "0" * 128,
            "properties": {"os": "linux", "note": None, _AWKWARD: ""},
        },
    )
    metadata: Any = {"z": [1.5, -0.0, 1e300, None, True, -(2**63), "\U0001f600"], "a": {"c": [{}]}}
    for url in ("file:///a", f"swift://{image_id}:secret@host/{_AWKWARD}"):
        location = {"url": url, "metadata": metadata, "status": "active"}
        db.image_location_add(_ADMIN, image_id, location)
    db.image_member_create(_ADMIN, {"image_id": image_id, "member": "bob", "status": "accepted"})
    db.image_tag_set_all(_ADMIN, image_id, ["blue", _AWKWARD])


def _add_tasks(db: Database) -> None:
    for task_id in ("t", "s"):
        task = {
            "id": task_id,
            "type": "import",
            "status": "pending",
            "owner": "alice",
            "image_id": "a",
            "input": {"import_from": "http://there", "tries": [1, 2]},
        }
        db.task_create(_ADMIN, task)
    db.task_update(_ADMIN, "t", {"status": "failure", "message": _AWKWARD, "result": [None]})
    db.task_delete(_ADMIN, "s")


def _add_definitions(db: Database) -> None:
    for name in ("gone", "ns"):
        namespace = {"namespace": name, "owner": "alice", "visibility": "public", "protected": True}
        db.metadef_namespace_create(_ADMIN, namespace)
    db.metadef_object_create(_ADMIN, "ns", {"name": "o", "json_schema": {"b": 1, "a": [_AWKWARD]}})
    db.metadef_property_create(_ADMIN, "ns", {"name": "p", "json_schema": {}})
    db.metadef_tag_create(_ADMIN, "ns", {"name": "t"})
    association = {"name": "server", "properties_target": "image", "prefix": "hw_"}
    db.metadef_resource_type_association_create(_ADMIN, "ns", association)
    db.metadef_namespace_delete(_ADMIN, "gone")
