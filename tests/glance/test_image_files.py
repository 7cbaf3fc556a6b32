from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simple_db.glance.image_files import Place, StoreLocation, place_of, size_of

pytestmark = pytest.mark.glance


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("file://images/1", Place("images", "1")),
        ("filesystem://spare/1", Place("spare", "1")),
        ("file://images/a%20b%2525", Place("images", "a b%25")),
        # as Glance's own driver writes it, unquoted
        ("file:///home/me/glance-data/images/1", Place("images", "1")),
        ("filesystem:///data/spare/1", Place("spare", "1")),
        ("file:///a#b?c%20d/images/1%20?#", Place("images", "1%20?#")),
        ("file:///images/1", Place("images", "1")),
    ],
)
def test_a_location_names_a_directory_and_a_file_in_it(url: str, place: Place) -> None:
    assert place_of(url) == place


@pytest.mark.parametrize(
    "url",
    [
        *("", "file://", "file:///", "file://images", "file://images/", "file://images/."),
        *("file://images/..", "file://images/../secret", "file://images/sub/1"),
        *("file://images/%2e%2e", "file://images/..%2Fsecret", "file://images/%2Fetc%2Fpasswd"),
        *("file://images/1%00", "file:///data/images/", "file:///data/images/.."),
        *("file:///data/images/1\0", "file:images/1", "FILE://images/1", " file://images/1"),
        *("http://images/1", "https://user:secret@images/1", "rbd://fsid/pool/image/snap"),
        *("cinder://store/volume", "swift+config://ref/container/object", "images/1"),
    ],
)
def test_any_other_location_names_none(url: str) -> None:
    assert place_of(url) is None


_PIECES = [
    *("file://", "filesystem://", "images", "/", "..", ".", "%2e", "%2F", "%00", "\0", "%", "a"),
]


@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=3)).map("".join))
@example("file:////")
def test_no_location_leads_out_of_the_directory_that_it_names(url: str) -> None:
    place = place_of(url)
    if place is not None:
        assert Path("/data/store", place.name).parent == Path("/data/store")
        assert Path("/data/store", place.name).name == place.name


@given(st.text(min_size=1).filter(lambda name: name not in {".", ".."} and not {*name} & {*"/\0"}))
def test_a_place_is_found_again_by_its_url(name: str) -> None:
    try:
        url = Place("images", name).url
    except UnicodeEncodeError:  # a lone surrogate is the name of no image
        return
    assert place_of(url) == Place("images", name)


def test_a_location_of_any_form_is_taken_and_shows_no_more_than_its_place() -> None:
    location = StoreLocation({}, None)
    location.parse_uri("file:///home/me/glance-data/images/1")
    assert location.get_uri() == "file://images/1"
    location.parse_uri("http://user:secret@host/1")
    assert location.get_uri() == ""


def test_only_a_regular_file_has_a_size(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"data")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "loop").symlink_to("loop")
    assert size_of(tmp_path / "file") == 4
    for name in ("link", "loop", "none", ".", "nul\0", "x" * 300):
        assert size_of(tmp_path / name) is None
