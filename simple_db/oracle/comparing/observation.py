"""Calls that read the state after a program, as an administrator and as other callers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simple_db.oracle.programs.calls import Call, call
from simple_db.oracle.programs.domain import IMAGE_IDS, NAMESPACES, TASK_IDS, URLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from simple_db.oracle.programs.calls import Program


def observation(program: Program) -> Program:
    """Return calls that give an administrator every row that the program may have changed."""
    return tuple(one for subject in _subjects(program) for one in _EVERY_ROW[subject]())


def visits(program: Program, visitors: Sequence[str]) -> Program:
    """Return calls with which these callers read what the program may have changed."""
    return tuple(
        one
        for subject in _subjects(program)
        for who in visitors
        for one in _VISITS.get(subject, _no_visit)(who)
    )


def _subjects(program: Program) -> list[str]:
    about = {_subject(one) for one in program}
    return [subject for subject in _EVERY_ROW if subject in about]


def _subject(one: Call) -> str:
    starts = {"task": "task", "metadef": "metadef"} | dict.fromkeys(_OF_THE_CACHE, "cache")
    return next((kind for start, kind in starts.items() if start in one.function), "image")


_OF_THE_CACHE = ("node", "cache", "hit_count", "least_recently")


def _all_images() -> Iterator[Call]:
    yield call("image_get_all", "admin", filters={"visibility": "all"}, return_tag=True)
    yield call("image_member_find", "admin", include_deleted=True)


def _images(who: str) -> Iterator[Call]:
    yield call("image_get_all", who, filters={"visibility": "all"})
    yield call("image_get_all", who)
    yield from (call("image_get", who, image_id=image_id) for image_id in IMAGE_IDS)


def _all_tasks() -> Iterator[Call]:
    for task_id in TASK_IDS:
        yield call("task_get", "admin", task_id=task_id, force_show_deleted=True)


def _tasks(who: str) -> Iterator[Call]:
    yield call("task_get_all", who)
    yield from (call("task_get", who, task_id=task_id) for task_id in TASK_IDS)


def _all_metadefs() -> Iterator[Call]:
    yield call("metadef_namespace_get_all", "admin")
    yield call("metadef_resource_type_get_all", "admin")
    for namespace in NAMESPACES:
        for listing in _LISTINGS:
            yield call(listing, "admin", namespace_name=namespace)


_LISTINGS = (
    "metadef_object_get_all",
    "metadef_property_get_all",
    "metadef_tag_get_all",
    "metadef_resource_type_association_get_all_by_namespace",
)


def _metadefs(who: str) -> Iterator[Call]:
    yield call("metadef_namespace_get_all", who)
    yield from (call("metadef_namespace_get", who, namespace_name=name) for name in NAMESPACES)


def _all_of_the_cache() -> Iterator[Call]:
    for url in URLS:
        yield call("node_reference_get_by_url", "admin", node_reference_url=url)
        yield call("get_cached_images", "admin", node_reference_url=url)


def _no_visit(who: str) -> Iterator[Call]:
    """Yield nothing: the cache shows everybody the same."""
    yield from ()


_EVERY_ROW = {
    "image": _all_images,
    "task": _all_tasks,
    "metadef": _all_metadefs,
    "cache": _all_of_the_cache,
}
_VISITS = {"image": _images, "task": _tasks, "metadef": _metadefs}
