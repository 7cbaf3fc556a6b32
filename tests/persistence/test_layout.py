from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from simple_db import Database, __version__
from simple_db.model.errors import Invalid
from simple_db.persistence import decoding
from tests.support.build import (
    a_full_database,
    document_of,
    sealed_bytes,
)
from tests.support.disk import names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


EMPTY_PAYLOAD = b"""\
"writer":"0.1.0",
"counts":{"images":0,"image_locations":0,"image_properties":0,"image_members":0,"image_tags":0,\
"tasks":0,"task_info":0,"metadef_namespaces":0,"metadef_resource_types":0,\
"metadef_namespace_resource_types":0,"metadef_objects":0,"metadef_properties":0,"metadef_tags":0,\
"node_reference":0,"cached_images":0},
"counters":{"image_locations":1,"image_properties":1,"image_members":1,"image_tags":1,\
"metadef_namespaces":1,"metadef_resource_types":1,"metadef_objects":1,"metadef_properties":1,\
"metadef_tags":1,"node_reference":1,"cached_images":1},
"tables":{
"images":[
],
"image_locations":[
],
"image_properties":[
],
"image_members":[
],
"image_tags":[
],
"tasks":[
],
"task_info":[
],
"metadef_namespaces":[
],
"metadef_resource_types":[
],
"metadef_namespace_resource_types":[
],
"metadef_objects":[
],
"metadef_properties":[
],
"metadef_tags":[
],
"node_reference":[
],
"cached_images":[
]}}
"""


EMPTY = sealed_bytes(EMPTY_PAYLOAD.replace(b"0.1.0", __version__.encode()))


def test_an_empty_database_is_this_document() -> None:
    assert Database().snapshot() == EMPTY


def test_the_first_line_has_the_checksum_of_every_byte_behind_it() -> None:
    first, payload = a_full_database().snapshot().split(b"\n", 1)

    assert json.loads(first[:-1] + b"}")["sha256"] == hashlib.sha256(payload).hexdigest()


def test_a_row_is_a_line_of_its_own() -> None:
    db = a_full_database()
    lines = db.snapshot().decode().splitlines()
    held = [row for table in document_of(db)["tables"].values() for row in table]

    assert [json.loads(line[1:]) for line in lines if line.startswith((" {", ",{"))] == held
    assert len(lines) == len(EMPTY.splitlines()) + len(held)


@pytest.mark.parametrize("size", [0, -1, True, False, 1.5, 2.0, "1000", float("inf"), [1]])
def test_a_bound_that_is_no_positive_integer_is_invalid(tmp_path: Path, size: Any) -> None:
    db, path = a_full_database(), tmp_path / "glance.json"
    content = db.snapshot()
    calls: list[Callable[[], object]] = [
        lambda: db.snapshot(max_bytes=size),
        lambda: db.restore(content, max_bytes=size),
        lambda: db.save(path, max_bytes=size),
        lambda: db.load(path, max_bytes=size),
        lambda: decoding.read(path, max_bytes=size),
    ]
    for call in calls:
        with pytest.raises(Invalid) as caught:
            call()
        assert str(caught.value) == f"max_bytes is a positive integer, not {size!r}"
    assert names(tmp_path) == []
