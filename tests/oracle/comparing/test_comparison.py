"""Drivers with a fault each: simple_db with one function that is not right."""

from __future__ import annotations

from typing import Any

import pytest

from simple_db import Database
from simple_db.model.errors import Forbidden, NotFound
from simple_db.oracle.comparing.comparison import (
    Divergence,
    Known,
    Sides,
    changes,
    compare,
    reproduced,
    sides,
)
from simple_db.oracle.comparing.fingerprints import Fingerprint
from simple_db.oracle.programs.calls import Program, call
from simple_db.oracle.targets.target import DriverTarget, reference

AN_IMAGE = call("image_create", "admin", values={"id": "image-1", "status": "active"})
A_TAG = call("image_tag_create", "admin", image_id="image-1", value="t1")
TAGS = call("image_tag_get_all", "admin", image_id="image-1")
UNTAGGED = call("image_tag_delete", "admin", image_id="image-1", value="t1")
SIZE = call("image_update", "admin", image_id="image-1", values={"size": 1})
GET = call("image_get", "admin", image_id="image-1")


class Right:
    """Simply a database; a driver with a fault has a function of its own."""

    def __init__(self) -> None:
        self.db = Database()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.db, name)


class Forgetful(Right):
    """Stores no tag, though it says so."""

    def image_tag_create(self, context: Any, image_id: str, value: str) -> str:
        self.db.image_get(context, image_id)
        return value


class Shouting(Right):
    """Tells tags in capitals."""

    def image_tag_get_all(self, context: Any, image_id: str) -> list[str]:
        return [tag.upper() for tag in self.db.image_tag_get_all(context, image_id)]


class Leaking(Right):
    """Raises what is none of Glance's exceptions."""

    def image_get(self, context: Any, image_id: str, **options: Any) -> Any:
        try:
            return self.db.image_get(context, image_id, **options)
        except NotFound as error:
            raise KeyError(image_id) from error


class Chatty(Right):
    """Tells more of an image than there is to tell."""

    def image_get(self, context: Any, image_id: str, **options: Any) -> Any:
        return self.db.image_get(context, image_id, **options) | {"colour": "red"}


class Lax(Right):
    """Creates an image of any status, as active."""

    def image_create(self, context: Any, values: dict[str, Any], **options: Any) -> Any:
        return self.db.image_create(context, values | {"status": "active"}, **options)


class Committing(Right):
    """Refuses to change the image of another, and has changed it."""

    def image_update(
        self, context: Any, image_id: str, values: dict[str, Any], **options: Any
    ) -> Any:
        try:
            return self.db.image_update(context, image_id, values, **options)
        except Forbidden:
            self.db.image_update(None, image_id, values)
            raise


def against(driver: type[Right]) -> Sides:
    return sides(reference(), DriverTarget(driver.__name__, driver()))


def found(driver: type[Right], *program: Any, known: Known | None = None) -> Divergence:
    """Give the divergence that is found, and hold it to be there."""
    divergence = compare(program, against(driver), known or (lambda _: False))
    assert divergence is not None
    return divergence


def all_but(*news: str) -> Known:
    """Know every fingerprint but those of these functions."""
    return lambda fingerprint: fingerprint.function not in news


def test_where_both_agree_there_is_nothing_to_tell() -> None:
    program = (AN_IMAGE, A_TAG, TAGS, SIZE, GET)

    assert compare(program, against(Right)) is None


def test_another_answer_is_a_divergence() -> None:
    divergence = found(Shouting, AN_IMAGE, A_TAG, TAGS, GET)

    assert divergence.program == (AN_IMAGE, A_TAG, TAGS)
    assert str(divergence.fingerprint) == (
        "image_tag_get_all | returns / returns | [] missing | after image_tag_create"
    )
    assert (divergence.difference.expected, divergence.difference.actual) == (["'t1'"], ["'T1'"])
    assert not divergence.is_of_state


def test_another_exception_is_a_divergence() -> None:
    divergence = found(Leaking, GET)

    assert str(divergence.fingerprint) == (
        "image_get | raises ImageNotFound / raises KeyError |  | "
    )
    assert divergence.is_leak


def test_another_state_is_a_divergence_of_the_call_that_made_it() -> None:
    divergence = found(Forgetful, AN_IMAGE, A_TAG, SIZE)

    assert divergence.is_of_state
    assert divergence.program[:-1] == (AN_IMAGE, A_TAG)
    assert str(divergence.fingerprint) == (
        "image_tag_create | returns / returns | then image_get_all: [].tags[] missing | "
    )


def test_an_answer_that_shows_another_state_is_no_divergence_of_its_own() -> None:
    divergence = found(Forgetful, AN_IMAGE, A_TAG, SIZE, TAGS)

    assert divergence.fingerprint.function == "image_tag_create"


def test_what_the_answer_tells_of_the_state_is_told_once() -> None:
    broken = call("image_create", "admin", values={"id": "image-1", "status": "queued"})
    divergence = found(Lax, broken)

    assert str(divergence.fingerprint) == "image_create | returns / returns | status | "
    assert compare((broken,), against(Lax), divergence.fingerprint.explains) is None


def test_a_known_answer_does_not_hide_the_next_divergence() -> None:
    class Both(Shouting, Leaking):
        pass

    missing = call("image_get", "admin", image_id="missing")
    divergence = found(Both, AN_IMAGE, A_TAG, TAGS, missing, known=all_but("image_get"))

    assert divergence.fingerprint.function == "image_get"


def test_a_call_that_makes_a_known_state_is_left_out() -> None:
    class Both(Forgetful, Shouting):
        pass

    other = call("image_tag_set_all", "admin", image_id="image-1", tags=["t2"])
    program = (AN_IMAGE, A_TAG, other, TAGS)
    divergence = found(Both, *program, known=all_but("image_tag_get_all"))

    assert divergence.program == (AN_IMAGE, other, TAGS)


def test_a_call_that_one_side_is_known_to_refuse_is_left_out() -> None:
    class Refusing(Shouting):
        def image_update(self, *_args: Any, **_options: Any) -> Any:
            raise NotFound

    program = (AN_IMAGE, SIZE, A_TAG, TAGS)
    divergence = found(Refusing, *program, known=all_but("image_tag_get_all"))

    assert divergence.program == (AN_IMAGE, A_TAG, TAGS)


def test_a_call_that_both_refuse_and_that_is_known_to_leave_a_trace_is_left_out() -> None:
    refused = call("image_update", "stranger", image_id="image-1", values={"size": 1})
    listed = call("image_get_all", "admin", filters={"size": 1})
    program = (AN_IMAGE, refused, listed)

    assert found(Committing, *program).program[:2] == (AN_IMAGE, refused)
    assert compare(program, against(Committing), all_but("image_get_all")) is None


def test_a_known_key_too_many_is_passed_over_in_the_whole_program() -> None:
    divergence = found(Chatty, AN_IMAGE, GET)

    assert divergence.difference.field == "colour only in target"
    assert compare((AN_IMAGE, GET, SIZE, GET), against(Chatty), all_but()) is None


def test_what_a_look_gets_wrong_of_an_empty_database_is_its_own_fault() -> None:
    class Haunted(Right):
        def image_member_find(self, *_args: Any, **_options: Any) -> list[Any]:
            return [{"member": "a ghost"}]

    divergence = found(Haunted, AN_IMAGE)

    assert str(divergence.fingerprint) == (
        "image_member_find | returns / returns | [] extra | include_deleted"
    )
    assert len(divergence.program) == 1


def test_keys_of_the_rows_that_an_image_carries_are_told_once_for_all_functions() -> None:
    class Terse(Right):
        def image_get_all(self, *args: Any, **options: Any) -> Any:
            images: list[Any] = self.db.image_get_all(*args, **options)
            for image in images:
                image["properties"] = [{"name": row["name"]} for row in image["properties"]]
            return images

    lock = call("image_set_property_atomic", image_id="image-1", name="lock", value="me")
    divergence = found(Terse, AN_IMAGE, lock)

    assert str(divergence.fingerprint) == (
        "any image | returns / returns | properties[].created_at only in reference | "
    )


def test_if_everything_is_known_there_is_nothing_to_tell() -> None:
    class All(Forgetful, Shouting, Leaking, Lax):
        pass

    assert compare((AN_IMAGE, A_TAG, TAGS, UNTAGGED), against(All), all_but()) is None


# --- once more, on another program ---------------------------------------------------------------


def test_a_divergence_shows_again_in_a_program_that_still_has_it() -> None:
    answer = found(Shouting, AN_IMAGE, SIZE, A_TAG, TAGS)
    again = reproduced(answer, (AN_IMAGE, A_TAG, TAGS), against(Shouting))

    assert again is not None
    assert again.fingerprint.explains(answer.fingerprint)


def test_a_divergence_of_state_is_blamed_on_the_first_call_that_makes_it() -> None:
    state = found(Forgetful, AN_IMAGE, A_TAG, SIZE)
    look = state.program[-1]
    again = reproduced(state, (AN_IMAGE, A_TAG, SIZE, look), against(Forgetful))

    assert again is not None
    assert again.program == (AN_IMAGE, A_TAG, look)


@pytest.mark.parametrize("program", [(AN_IMAGE, TAGS), (AN_IMAGE, GET)])
def test_a_program_that_does_not_diverge_so_shows_nothing(program: Program) -> None:
    answer = found(Shouting, AN_IMAGE, A_TAG, TAGS)
    state = found(Forgetful, AN_IMAGE, A_TAG)

    assert reproduced(answer, program, against(Shouting)) is None
    assert reproduced(state, program, against(Forgetful)) is None


# --- kinds of functions --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "may_change"),
    [
        ("image_get", False),
        ("image_get_all", False),
        ("tasks_get_by_image", False),
        ("user_get_storage_usage", False),
        ("image_member_find", False),
        ("image_member_count", False),
        ("metadef_tag_count", False),
        ("is_image_visible", False),
        ("get_cached_images", False),
        ("node_reference_get_by_url", False),
        ("update_hit_count", True),
        ("image_restore", True),
        ("insert_cache_details", True),
        ("image_set_property_atomic", True),
    ],
)
def test_some_functions_only_read(function: str, may_change: bool) -> None:
    assert changes(function) is may_change


def test_nothing_is_known_unless_it_is_said() -> None:
    assert compare((GET,), against(Leaking)) is not None
    assert (
        compare(
            (GET,),
            against(Leaking),
            Fingerprint("image_get", "raises ImageNotFound / raises KeyError", "").explains,
        )
        is None
    )
