from __future__ import annotations

import pytest

from simple_db.oracle.comparing.fingerprints import Fingerprint, features, parse
from simple_db.oracle.programs.calls import call

_PLACE = ("image_get_all", "returns / returns", "[] extra")
LISTING = Fingerprint(*_PLACE, ("filters.size",))
A_TAG = call("image_tag_create", "admin", image_id="image-1", value="t1")
AN_IMAGE = call("image_create", "admin", values={"id": "image-1", "status": "active"})


@pytest.mark.parametrize(
    "fingerprint",
    [
        LISTING,
        Fingerprint("image_get", "returns / raises KeyError", ""),
        Fingerprint("image_create", "returns / returns", "then image_get_all: [].size", ("a", "b")),
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


def test_what_every_call_of_the_function_has_is_no_feature() -> None:
    assert features((AN_IMAGE, A_TAG)) == ()


def test_what_is_given_beyond_that_is_a_feature() -> None:
    image = call("image_create", "admin", values={"id": "i", "status": "active", "size": 1})
    listing = call("image_get_all", "admin", filters={"size": 1, "name": "n"}, limit=1)

    assert features((image,)) == ("values.size",)
    assert features((listing,)) == ("filters.name", "filters.size", "limit")


def test_what_was_called_before_is_a_feature() -> None:
    assert features((AN_IMAGE, A_TAG, A_TAG, AN_IMAGE)) == ("after image_tag_create",)


@pytest.mark.parametrize(
    ("context", "told"),
    [
        ("admin", ()),
        ("stranger", ("as a user", "not seeing deleted")),
        ("alice", ("as a user", "not seeing deleted", "of alice")),
        ("nobody", ("as a user", "not seeing deleted", "of no project")),
        ("alice_seeing_deleted", ("as a user", "of alice")),
        ("admin_not_seeing_deleted", ("not seeing deleted",)),
    ],
)
def test_who_calls_is_a_feature_unless_it_is_an_administrator(
    context: str, told: tuple[str, ...]
) -> None:
    assert features((call("image_get", context, image_id="image-1"),)) == told


def test_a_call_without_context_is_nobodys() -> None:
    atomic = call("image_set_property_atomic", image_id="image-1", name="p", value="1")

    assert features((atomic,)) == ()
