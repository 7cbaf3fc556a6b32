import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from simple_db.glance import data_directory
from simple_db.glance.starting import NewPaths, StartError

pytestmark = pytest.mark.glance

# Every character that a path of configuration, a URL or a shell could trip over.
ODD = "-#a?b%20c$d$$ 'e' \"f\" [g] {h} ;i\\j é\u2028雪🙂 "


def claim(directory: Path) -> None:
    with data_directory.claimed(directory, NewPaths()):
        pass


def test_a_directory_of_any_printable_name_is_made_and_can_be_claimed_again(tmp_path: Path) -> None:
    for _ in range(2):
        claim(tmp_path / ODD / "data")
    assert {path.name for path in (tmp_path / ODD / "data").iterdir()} == {
        *("images", "spare", "staging", "tasks", "cache")
    }


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "\x1b[1m", "\x7f", "a\\$b", "\udcff"])
def test_a_directory_that_glance_cannot_use_is_refused_and_not_made(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(StartError, match="choose another --data-dir") as refused:
        claim(tmp_path / name)
    assert str(refused.value).isprintable()
    assert list(tmp_path.iterdir()) == []


def of_length(directory: Path, length: int) -> Path:
    """Return a path below a directory that has so many characters."""
    left = length - len(str(directory))
    names = ["x" * 99] * (left // 100 - 1)
    return directory.joinpath(*names, "y" * (left - 100 * len(names) - 1))


@pytest.mark.parametrize("length", [4085, 4095, 4096, 5000])
def test_a_directory_whose_files_would_have_too_long_a_path_is_refused(
    tmp_path: Path, length: int
) -> None:
    path = of_length(tmp_path, length)
    assert len(str(path)) == length
    with pytest.raises(StartError, match="File name too long"):
        claim(path)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_of_too_long_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="File name too long"):
        claim(tmp_path / ("x" * 256))
    assert list(tmp_path.iterdir()) == []


def outside(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").touch()
    return tmp_path / "outside"


@pytest.mark.parametrize("name", ["images", "spare", "staging", "cache", "cache/queue"])
def test_a_directory_that_is_a_link_out_is_refused(tmp_path: Path, name: str) -> None:
    data = tmp_path / "data"
    (data / name).parent.mkdir(parents=True)
    (data / name).symlink_to(outside(tmp_path))
    with pytest.raises(StartError, match=rf"data: {name} is a symbolic link that leads out"):
        claim(data)


@pytest.mark.parametrize("name", ["staging/1", "tasks/1", "cache/1", "cache/queue/1"])
def test_a_file_that_glance_would_follow_out_is_refused(tmp_path: Path, name: str) -> None:
    claim(tmp_path / "data")
    (tmp_path / "data" / name).symlink_to(outside(tmp_path) / "file")
    with pytest.raises(StartError, match=rf"data: {name} is a symbolic link that leads out"):
        claim(tmp_path / "data")


def make_socket(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path)


@pytest.mark.parametrize("name", ["staging/1", "tasks/1", "cache/1", "cache/queue/1"])
@pytest.mark.parametrize("make", [os.mkfifo, make_socket])
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_neither_file_nor_directory_is_refused_where_glance_would_open_it(
    tmp_path: Path, name: str, make: Callable[[str], None], linked: bool
) -> None:
    data = tmp_path / "data"
    claim(data)
    make(str(data / "images" / "1" if linked else data / name))
    if linked:
        (data / name).symlink_to(data / "images" / "1")
    with pytest.raises(StartError, match=rf"data: {name} is neither a file nor a directory"):
        claim(data)


def test_links_that_stay_inside_and_links_among_the_images_are_left(tmp_path: Path) -> None:
    data = tmp_path / "data"
    claim(data)
    (data / "staging" / "1").symlink_to(data / "images")
    (data / "images" / "1").symlink_to(outside(tmp_path) / "file")
    (data / "spare" / "directory").symlink_to(tmp_path / "outside")
    (data / "something else").symlink_to(tmp_path / "outside")
    (tmp_path / "link").symlink_to(data)
    claim(tmp_path / "link")


def test_a_directory_belongs_to_one_server_at_a_time(tmp_path: Path) -> None:
    with (
        data_directory.claimed(tmp_path, NewPaths()),
        pytest.raises(StartError, match="in use by another server"),
    ):
        claim(tmp_path)
    claim(tmp_path)


@pytest.mark.parametrize("place", [lambda path: path, lambda path: path / "data"])
def test_a_directory_that_cannot_be_made_is_refused(
    tmp_path: Path, place: Callable[[Path], Path]
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match=r"data directory .*file"):
        claim(place(tmp_path / "file"))
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]
