"""Drivers with a fault each: simple_db with one function that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from simple_db.model.errors import Forbidden, NotFound
from simple_db.oracle.comparing.comparison import (
    Divergence,
    Known,
    Sides,
    changes,
    compare,
    nothing_known,
    reproduced,
    sides,
)
from simple_db.oracle.targets.target import reference
from tests.support.broken import broken_target
from tests.support.faults_shown import api

if TYPE_CHECKING:
    from collections.abc import Callable

    from simple_db import Database
    from simple_db.oracle.programs.calls import Call, Program

IMAGE = {"id": "image-1", "status": "active"}
AN_IMAGE = api.image_create("admin", IMAGE)
A_TAG = api.image_tag_create("admin", "image-1", "t1")
OTHER_TAG = api.image_tag_set_all("admin", "image-1", ["t2"])
TAGS = api.image_tag_get_all("admin", "image-1")
SIZE = api.image_update("admin", "image-1", {"size": 1})
GET = api.image_get("admin", "image-1")
QUEUED = api.image_create("admin", IMAGE | {"status": "queued"})
UNTAGGED = api.image_tag_delete("admin", "image-1", "t1")
REFUSED = api.image_update("stranger", "image-1", {"size": 1})


def forgetful(db: Database, context: Any, image_id: str, value: str) -> str:
    """Store no tag, and answer as if it were stored."""
    db.image_get(context, image_id)
    return value


def shouting(db: Database, context: Any, image_id: str) -> list[str]:
    return [tag.upper() for tag in db.image_tag_get_all(context, image_id)]


def leaking(db: Database, context: Any, image_id: str, **options: Any) -> Any:
    try:
        return db.image_get(context, image_id, **options)
    except NotFound as error:
        raise KeyError(image_id) from error


def chatty(db: Database, context: Any, image_id: str, **options: Any) -> Any:
    return db.image_get(context, image_id, **options) | {"colour": "red"}


def lax(db: Database, context: Any, values: dict[str, Any], **options: Any) -> Any:
    """Create an image of any status as active."""
    return db.image_create(context, values | {"status": "active"}, **options)


def committing(db: Database, context: Any, image_id: str, values: Any, **options: Any) -> Any:
    """Refuse to change the image of another, and change it."""
    try:
        return db.image_update(context, image_id, values, **options)
    except Forbidden:
        db.image_update(None, image_id, values)
        raise


def haunted(_db: Database, *_args: Any, **_options: Any) -> list[Any]:
    return [{"member": "a ghost"}]


def terse(db: Database, context: Any, **options: Any) -> Any:
    images: Any = db.image_get_all(context, **options)
    for image in images:
        image["properties"] = [{"name": row["name"]} for row in image["properties"]]
    return images


def refusing(_db: Database, *_args: Any, **_options: Any) -> Any:
    raise NotFound


NO_IMAGE = api.image_get("admin", "missing")
LOCK = api.image_set_property_atomic("image-1", "lock", "me")
SMALL = api.image_get_all("admin", filters={"size": 1})
MISSING = "image_tag_get_all | returns / returns | [] missing"
EXTRA = "image_member_find | returns / returns | [] extra"
LOST = "image_tag_create | returns / returns | then image_get_all: [].tags[] missing | "
TERSE = "any image | returns / returns | properties[].created_at only in reference"
FORGETFUL = {"image_tag_create": forgetful}
SHOUTING = {"image_tag_get_all": shouting}
LEAKING = {"image_get": leaking}
CHATTY = {"image_get": chatty}
LAX = {"image_create": lax}
COMMITTING = {"image_update": committing}
Functions = dict[str, "Callable[..., Any]"]


def against(functions: Functions) -> Sides:
    return sides(reference(), broken_target(**functions))


def found(functions: Functions, *program: Call, known: Known = nothing_known) -> Divergence:
    divergence = compare(program, against(functions), known)
    assert divergence is not None
    return divergence


def all_but(*unknown: str) -> Known:
    """Know every fingerprint except those of these functions."""
    return lambda fingerprint: fingerprint.function not in unknown


@pytest.mark.parametrize(
    ("functions", "program", "fingerprint", "length"),
    [
        (SHOUTING, (AN_IMAGE, A_TAG, TAGS, GET), f"{MISSING} | after image_tag_create", 3),
        (LEAKING, (GET,), "image_get | raises ImageNotFound / raises KeyError |  | ", 1),
        (CHATTY, (AN_IMAGE, GET), "image_get | returns / returns | colour only in target | ", 2),
        # the state: a call that reads it comes last
        (FORGETFUL, (AN_IMAGE, A_TAG, SIZE), LOST, 3),
        (FORGETFUL, (AN_IMAGE, A_TAG, SIZE, TAGS), LOST, 3),
        # the answer shows the state, so that is no divergence of its own
        (LAX, (QUEUED,), "image_create | returns / returns | status | ", 1),
        # the calls that read the state are wrong of an empty database
        ({"image_member_find": haunted}, (AN_IMAGE,), f"{EXTRA} | include_deleted", 1),
        # keys of rows within images, whichever function returns the images
        ({"image_get_all": terse}, (AN_IMAGE, LOCK), f"{TERSE} | ", 3),
    ],
)
def test_a_divergence_has_this_fingerprint_and_length(
    functions: Functions, program: Program, fingerprint: str, length: int
) -> None:
    divergence = found(functions, *program)

    assert str(divergence.fingerprint) == fingerprint
    assert len(divergence.program) == length
    assert divergence.is_of_state is ("| then " in fingerprint)
    assert divergence.is_leak is ("KeyError" in fingerprint)


@pytest.mark.parametrize(
    ("functions", "program", "known"),
    [
        ({}, (AN_IMAGE, A_TAG, TAGS, SIZE, GET), nothing_known),
        # a known key too many is passed over in the whole program
        (CHATTY, (AN_IMAGE, GET, SIZE, GET), all_but()),
        (COMMITTING, (AN_IMAGE, REFUSED, SMALL), all_but("image_get_all")),
        (FORGETFUL | SHOUTING | LEAKING | LAX, (AN_IMAGE, A_TAG, TAGS, UNTAGGED), all_but()),
        (LAX, (QUEUED,), found(LAX, QUEUED).fingerprint.explains),
        (LEAKING, (GET,), found(LEAKING, GET).fingerprint.explains),
    ],
)
def test_sides_that_agree_except_where_it_is_known_have_no_divergence(
    functions: Functions, program: Program, known: Known
) -> None:
    assert compare(program, against(functions), known) is None


@pytest.mark.parametrize(
    ("functions", "program", "unknown"),
    [
        # an answer that is known to differ stays
        (SHOUTING | LEAKING, [(AN_IMAGE, A_TAG, TAGS, NO_IMAGE)] * 2, "image_get"),
        # a call that is known to leave another state is left out
        (
            FORGETFUL | SHOUTING,
            [(AN_IMAGE, A_TAG, OTHER_TAG, TAGS), (AN_IMAGE, OTHER_TAG, TAGS)],
            "image_tag_get_all",
        ),
        # so is one that one side is known to refuse
        (
            SHOUTING | {"image_update": refusing},
            [(AN_IMAGE, SIZE, A_TAG, TAGS), (AN_IMAGE, A_TAG, TAGS)],
            "image_tag_get_all",
        ),
    ],
)
def test_a_known_divergence_does_not_hide_the_next(
    functions: Functions, program: list[Program], unknown: str
) -> None:
    whole, left = program
    divergence = found(functions, *whole, known=all_but(unknown))

    assert divergence.fingerprint.function == unknown
    assert divergence.program == left


def test_a_refused_call_that_leaves_a_trace_diverges() -> None:
    assert found(COMMITTING, AN_IMAGE, REFUSED).program[:2] == (AN_IMAGE, REFUSED)


# --- on another program --------------------------------------------------------------------------


def test_a_divergence_shows_again_in_a_program_that_still_has_it() -> None:
    answer = found(SHOUTING, AN_IMAGE, SIZE, A_TAG, TAGS)
    again = reproduced(answer, (AN_IMAGE, A_TAG, TAGS), against(SHOUTING))

    assert again is not None
    assert again.fingerprint.explains(answer.fingerprint)


def test_a_divergence_of_state_is_blamed_on_the_first_call_that_makes_it() -> None:
    state = found(FORGETFUL, AN_IMAGE, A_TAG, SIZE)
    look = state.program[-1]
    again = reproduced(state, (AN_IMAGE, A_TAG, SIZE, look), against(FORGETFUL))

    assert again is not None
    assert again.program == (AN_IMAGE, A_TAG, look)


@pytest.mark.parametrize("program", [(AN_IMAGE, TAGS), (AN_IMAGE, GET)])
def test_a_program_that_does_not_diverge_so_shows_nothing(program: Program) -> None:
    answer, state = found(SHOUTING, AN_IMAGE, A_TAG, TAGS), found(FORGETFUL, AN_IMAGE, A_TAG)
    assert reproduced(answer, program, against(SHOUTING)) is None
    assert reproduced(state, program, against(FORGETFUL)) is None


# --- kinds of functions --------------------------------------------------------------------------


def test_some_functions_only_read() -> None:
    reading = {
        *("image_get", "image_get_all", "tasks_get_by_image", "user_get_storage_usage"),
        *("image_member_find", "image_member_count", "metadef_tag_count", "is_image_visible"),
        *("get_cached_images", "node_reference_get_by_url"),
    }
    changing = {
        *("update_hit_count", "image_restore", "insert_cache_details"),
        "image_set_property_atomic",
    }
    assert {one for one in reading | changing if changes(one)} == changing
