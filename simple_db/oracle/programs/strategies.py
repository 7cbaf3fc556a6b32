"""Random programs: calls of some parts of the API about the same rows."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from simple_db.oracle.programs.cached_images import CACHE
from simple_db.oracle.programs.children import LOCATIONS, MEMBERS, PROPERTY_CALLS, TAGS
from simple_db.oracle.programs.domain import IMAGE_IDS, NAMESPACES
from simple_db.oracle.programs.draws import admin, any_of, calls_of, image_ids
from simple_db.oracle.programs.flows import flows_of_an_image
from simple_db.oracle.programs.images import FILTERED, IMAGES, SORTED, creations
from simple_db.oracle.programs.metadefs import METADEFS, RENAMED, creations_of, new_namespaces
from simple_db.oracle.programs.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simple_db.oracle.programs.calls import Program
    from simple_db.oracle.programs.draws import Calls

OPS = ("images", "members", "tags", "locations", "properties", "tasks", "metadefs", "cache")
"""The parts of the API; programs are made of the calls of some of them."""

_CALLS: dict[str, Sequence[Calls]] = {
    "images": IMAGES,
    "members": MEMBERS,
    "tags": TAGS,
    "locations": LOCATIONS,
    "properties": PROPERTY_CALLS,
    "tasks": TASKS,
    "metadefs": METADEFS,
    "cache": CACHE,
}
_OF_IMAGES = ("images", "members", "tags", "locations", "properties")


def op_of(function: str) -> str:
    """Return the part of the API that the function is of, one of `OPS`."""
    subjects = {
        "image_member": "members",
        "image_tag": "tags",
        "image_location": "locations",
        "image_property": "properties",
        "image_set_property": "properties",
        "image_delete_property": "properties",
        "task": "tasks",
        "metadef": "metadefs",
        "node_reference": "cache",
        "insert_cache": "cache",
        "update_hit": "cache",
        "get_": "cache",
        "is_image_cached": "cache",
        "delete_": "cache",
    }
    return next((op for start, op in subjects.items() if function.startswith(start)), "images")


def programs(ops: Sequence[str] = OPS) -> st.SearchStrategy[Program]:
    """Return programs of the calls of these parts of the API, each about one subject.

    Every program first creates one or two images, or a task, a namespace or a server of the cache:
    calls on an empty database show little.

    Raises:
        ValueError: there is no such part, or none is given.
    """
    if not ops or not set(ops) <= set(OPS):
        raise ValueError(f"{list(ops)} are not parts of the API; the parts are {OPS}")
    subjects = []
    of_images = [one for op in ops if op in _OF_IMAGES for one in _CALLS[op]]
    if of_images:
        flows = [*[FILTERED] * 8, *[SORTED] * 3] if "images" in ops else []
        if set(_OF_IMAGES) <= set(ops):
            flows += [image_ids.flatmap(flows_of_an_image)] * 8
        subjects += [_program(_first_images(), of_images, flows)] * 4
    if "tasks" in ops:
        subjects.append(_program(st.tuples(TASKS[0]), TASKS))
    if "metadefs" in ops:
        subjects += [_program(_first_definitions(), METADEFS, [RENAMED] * 3)] * 2
    if "cache" in ops:
        subjects.append(_program(st.tuples(CACHE[0]), CACHE))
    return any_of(subjects)


def _program(
    beginning: st.SearchStrategy[Program],
    calls: Sequence[Calls],
    flows: Sequence[st.SearchStrategy[Program]] = (),
) -> st.SearchStrategy[Program]:
    parts = [*(one.map(lambda made: (made,)) for one in calls), *flows]
    rest = st.lists(any_of(parts), min_size=2, max_size=16)
    return st.builds(lambda first, rest: (*first, *chain.from_iterable(rest)), beginning, rest)


def _first_images() -> st.SearchStrategy[Program]:
    first, second = (creations(image_id) for image_id in IMAGE_IDS[:2])
    return any_of([st.tuples(first), st.tuples(first, second)])


def _first_definitions() -> st.SearchStrategy[Program]:
    namespace = calls_of("metadef_namespace_create", admin, values=new_namespaces(NAMESPACES[0]))
    content = [creations_of(kind, st.just(NAMESPACES[0])) for kind in ("object", "property", "tag")]
    return any_of([st.tuples(namespace), st.tuples(namespace, *content)])
