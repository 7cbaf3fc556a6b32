from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from simple_db.oracle.comparing.fingerprints import Fingerprint, features, parse
from tests.support.faults_shown import IMAGE, api

if TYPE_CHECKING:
    from simple_db.oracle.programs.calls import Program

_PLACE = ("image_get_all", "returns / returns", "[] extra")
LISTING = Fingerprint(*_PLACE, ("filters.size",))
A_TAG = api.image_tag_create("admin", "image-1", "t1")
AN_IMAGE = api.image_create("admin", IMAGE)


@pytest.mark.parametrize(
    "fingerprint",
    [
        LISTING,
        Fingerprint("image_get", "returns / raises KeyError", ""),
        Fingerprint("image_create", "returns / returns", "then image_get_all: [].size", ("a", "b")),
        Fingerprint("image_tag_create", "signature", "has no parameter value"),
    ],
)
def test_a_fingerprint_is_read_as_it_is_written(fingerprint: Fingerprint) -> None:
    assert parse(str(fingerprint)) == fingerprint
    assert "\n" not in str(fingerprint)


def test_a_fingerprint_may_be_edited_by_hand() -> None:
    written = " image_get_all|returns / returns | [] extra |  filters.size ,as a user"
    assert parse(written).features == ("as a user", "filters.size")
    assert parse(written).place == LISTING.place


@pytest.mark.parametrize("text", ["", "image_get", "image_get | returns / returns | size"])
def test_what_is_no_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a fingerprint is 'function"):
        parse(text)


@pytest.mark.parametrize(
    ("other", "explained"),
    [
        (LISTING, True),
        (Fingerprint(*_PLACE, ("filters.size", "limit")), True),
        (Fingerprint(*_PLACE), False),
        (Fingerprint("task_get_all", *_PLACE[1:], ("filters.size",)), False),
        (Fingerprint(*_PLACE[:2], "[] missing", ("filters.size",)), False),
    ],
)
def test_a_fingerprint_explains_the_same_in_a_longer_program(
    other: Fingerprint, explained: bool
) -> None:
    assert LISTING.explains(other) is explained


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ((AN_IMAGE, A_TAG), ""),
        ((api.image_create("admin", IMAGE | {"size": 1}),), "values.size"),
        (
            (api.image_get_all("admin", filters={"size": 1, "name": "n"}, limit=1),),
            "filters.name, filters.size, limit",
        ),
        ((AN_IMAGE, A_TAG, A_TAG, AN_IMAGE), "after image_tag_create"),
        ((api.image_get("admin", "i"),), ""),
        ((api.image_get("stranger", "i"),), "as a user, not seeing deleted"),
        ((api.image_get("alice", "i"),), "as a user, not seeing deleted, of alice"),
        ((api.image_get("nobody", "i"),), "as a user, not seeing deleted, of no project"),
        ((api.image_get("alice_seeing_deleted", "i"),), "as a user, of alice"),
        ((api.image_get("admin_not_seeing_deleted", "i"),), "not seeing deleted"),
        ((api.image_set_property_atomic("image-1", "p", "1"),), ""),
    ],
)
def test_a_program_has_these_features(program: Program, found: str) -> None:
    assert ", ".join(features(program)) == found
