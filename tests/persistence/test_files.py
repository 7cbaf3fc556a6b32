from __future__ import annotations

import errno
import os
import socket
import stat
from typing import TYPE_CHECKING, Any

import pytest

from simple_db.model.errors import SnapshotError
from simple_db.persistence import files
from tests.support.disk import Call, Disk, Watched, mode, names, open_descriptors
from tests.support.kept import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLD = b"old"
NEW = [b"the ", b"new ", b"content"]
WHOLE = b"".join(NEW)


# --- reading ---------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [len(WHOLE), 100, 2**62])
def test_a_file_is_read_whole_if_it_has_at_most_so_many_bytes(path: Path, most: int) -> None:
    path.write_bytes(WHOLE)

    assert files.read(path, most) == files.read(str(path), most) == WHOLE


def test_a_file_beyond_the_bound_is_refused(path: Path) -> None:
    path.write_bytes(WHOLE)

    with pytest.raises(SnapshotError, match=f"{path} has 15 bytes, and at most 14 are read"):
        files.read(path, most=14)


def test_reading_leaves_nothing_open(path: Path) -> None:
    path.write_bytes(WHOLE)
    before = open_descriptors()
    files.read(path, most=100)
    for place, most in ((path, 1), (path.parent, 100)):
        with pytest.raises(SnapshotError):
            files.read(place, most=most)

    assert open_descriptors() == before


# --- what is no regular file -----------------------------------------------------------------


@pytest.fixture
def strange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a directory with one of everything that is no file."""
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    (tmp_path / "a directory").mkdir()
    os.mkfifo("a FIFO")
    (tmp_path / "a device").symlink_to(os.devnull)
    (tmp_path / "a loop of symbolic links").symlink_to("a loop of symbolic links")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("a socket")
        yield tmp_path


STRANGE = ["a directory", "a FIFO", "a device", "a loop of symbolic links", "a socket"]


@pytest.mark.parametrize("kind", STRANGE)
def test_only_a_regular_file_is_replaced(strange: Path, kind: str) -> None:
    before = names(strange)
    with pytest.raises(SnapshotError, match=f"{kind} is {kind}, and a snapshot is a regular file"):
        files.replace(strange / kind, NEW)

    assert names(strange) == before


@pytest.mark.parametrize("kind", ["a directory", "a FIFO", "a device"])
def test_only_a_regular_file_is_read(strange: Path, kind: str) -> None:
    with pytest.raises(SnapshotError, match=f"{kind} is {kind}, and a snapshot is a regular file"):
        files.read(strange / kind, most=100)


@pytest.mark.parametrize("kind", ["a socket", "a loop of symbolic links"])
def test_what_cannot_even_be_opened_is_not_read(strange: Path, kind: str) -> None:
    with pytest.raises(SnapshotError, match=f"{kind} cannot be read: [A-Z]"):
        files.read(strange / kind, most=100)


NOWHERE = [
    ("missing/a", "No such file"),
    ("n" * 300, "name too long"),
    ("a\0b", "embedded null byte"),
]
"""Names that no file can have, and why."""


@pytest.mark.parametrize(("name", "why"), [("missing", "No such file"), *NOWHERE])
def test_a_file_that_cannot_be_there_is_not_read(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(SnapshotError, match=f"{name} cannot be read: .*{why}"):
        files.read(tmp_path / name, most=100)


@pytest.mark.parametrize(("name", "why"), NOWHERE)
def test_a_file_that_cannot_be_there_is_not_written(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(SnapshotError, match=f"{name} cannot be (written|looked at): .*{why}"):
        files.replace(tmp_path / name, NEW)

    assert names(tmp_path) == []


# --- permissions and links -------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_a_new_file_can_be_read_by_its_owner_only(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        files.replace(path, NEW)
    finally:
        os.umask(before)

    assert mode(path) == 0o600


@pytest.mark.parametrize("kept", [0o400, 0o600, 0o640, 0o644, 0o666, 0o755])
@pytest.mark.parametrize("not_kept", [0, stat.S_ISUID])
def test_an_old_file_keeps_its_permissions(path: Path, kept: int, not_kept: int) -> None:
    path.write_bytes(OLD)
    path.chmod(kept | not_kept)
    files.replace(path, NEW)

    assert mode(path) == kept
    assert path.read_bytes() == WHOLE


def test_a_group_that_is_not_ours_loses_its_permissions(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(OLD)
    path.chmod(0o664)
    monkeypatch.setattr(os, "getegid", lambda: path.stat().st_gid + 1)
    files.replace(path, NEW)

    assert mode(path) == 0o604


def test_the_content_of_an_old_file_is_never_under_wider_permissions_than_its_own(
    path: Path,
) -> None:
    path.write_bytes(OLD)
    path.chmod(0o400)
    watched = Watched()
    files.replace(path, NEW, watched)

    assert [call.name for call in watched.calls[:3]] == ["open", "fchmod", "write"]


@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_is_followed_and_stays(tmp_path: Path, exists: bool) -> None:
    target, link = tmp_path / "target" / NAME, tmp_path / "link.json"
    target.parent.mkdir()
    link.symlink_to(f"target/{NAME}")
    if exists:
        target.touch()
    files.replace(link, NEW)

    assert link.is_symlink()
    assert target.read_bytes() == files.read(link, most=100) == WHOLE
    assert names(target.parent) == [NAME]
    assert names(tmp_path) == ["link.json", "target"]


def test_the_temporary_file_is_made_anew_and_follows_no_link(path: Path) -> None:
    watched = Watched()
    files.replace(path, NEW, watched)
    temporary, flags, permissions = watched.calls[0].arguments

    assert temporary.parent == path.parent
    assert flags & os.O_EXCL
    assert flags & os.O_NOFOLLOW
    assert permissions == 0o600


# --- crashes ---------------------------------------------------------------------------------


def calls_of_a_save(path: Path, before: bytes | None) -> list[Call]:
    if before is not None:
        path.write_bytes(before)
    watched = Watched(write_at_most=5)
    files.replace(path, NEW, watched)
    assert path.read_bytes() == WHOLE
    assert watched.left_open() == set()
    return watched.calls


def contents_after_crash(calls: list[Call], before: bytes | None) -> set[bytes | None]:
    """Give everything that the path may hold if the machine crashes after these calls."""
    disk = Disk({} if before is None else {NAME: before})
    disk.do(calls)
    return {found.get(NAME) for found in disk.after_crash()}


@pytest.mark.parametrize("before", [OLD, None])
def test_after_a_crash_at_any_call_the_path_holds_the_whole_old_or_the_whole_new(
    path: Path, before: bytes | None
) -> None:
    calls = calls_of_a_save(path, before)
    for made in range(len(calls)):
        assert contents_after_crash(calls[:made], before) <= {before, WHOLE}


@pytest.mark.parametrize("before", [OLD, None])
def test_after_a_save_the_new_is_there_whatever_crashes(path: Path, before: bytes | None) -> None:
    calls = calls_of_a_save(path, before)

    assert contents_after_crash(calls, before) == {WHOLE}


def test_a_save_makes_these_calls(path: Path) -> None:
    made = [call.name for call in calls_of_a_save(path, OLD)]

    assert made == [
        *["open", "fchmod", "write", "write", "write", "write", "fsync", "close", "replace"],
        *["open", "fsync", "close"],
    ]


@pytest.mark.parametrize("left_out", [0, 1])
def test_the_model_of_a_disk_finds_a_missing_fsync(path: Path, left_out: int) -> None:
    calls = calls_of_a_save(path, OLD)
    del calls[[number for number, call in enumerate(calls) if call.name == "fsync"][left_out]]

    assert contents_after_crash(calls, OLD) > {WHOLE}


def test_the_model_of_a_disk_finds_a_file_that_is_written_in_place(path: Path) -> None:
    path.write_bytes(OLD)
    watched = Watched()
    descriptor = watched.open(path, os.O_RDWR, 0)
    watched.ftruncate(descriptor, 0)
    watched.write(descriptor, WHOLE)
    watched.fsync(descriptor)
    watched.close(descriptor)

    assert contents_after_crash(watched.calls[:2], OLD) == {OLD, b""}
    assert contents_after_crash(watched.calls[:3], OLD) == {OLD, b"", WHOLE[:7], WHOLE}
    assert contents_after_crash(watched.calls, OLD) == {WHOLE}


# --- faults ----------------------------------------------------------------------------------

# Over an old file there is one more: it gives the new one its permissions.
CALLS_OF_A_SAVE = [(OLD, number) for number in range(12)] + [(None, number) for number in range(11)]
FAULTS = [
    OSError(number, os.strerror(number)) for number in (errno.ENOSPC, errno.EIO, errno.EACCES)
]


@pytest.mark.parametrize(("before", "number"), CALLS_OF_A_SAVE)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: errno.errorcode[fault.errno])
def test_a_call_that_fails_leaves_the_whole_old_or_the_whole_new_and_no_other_file(
    path: Path, before: bytes | None, fault: OSError, number: int
) -> None:
    if before is not None:
        path.write_bytes(before)
        path.chmod(0o640)
    watched = Watched(number, fault, write_at_most=5)
    with pytest.raises(SnapshotError, match=f"{path} cannot be written: {fault.strerror}"):
        files.replace(path, NEW, watched)

    check_after_fault(path, before, watched)


@pytest.mark.parametrize(("before", "number"), CALLS_OF_A_SAVE)
@pytest.mark.parametrize("done", [False, True])
def test_an_interrupt_leaves_the_whole_old_or_the_whole_new_and_no_other_file(
    path: Path, before: bytes | None, done: bool, number: int
) -> None:
    if before is not None:
        path.write_bytes(before)
        path.chmod(0o640)
    watched = Watched(number, KeyboardInterrupt(), done=done, write_at_most=5)
    with pytest.raises(KeyboardInterrupt):
        files.replace(path, NEW, watched)

    check_after_fault(path, before, watched)


def check_after_fault(path: Path, before: bytes | None, watched: Watched) -> None:
    renamed = "replace" in [call.name for call in watched.calls]
    expected = WHOLE if renamed else before

    assert names(path.parent) == ([NAME] if expected is not None else [])
    assert expected is None or path.read_bytes() == expected
    assert watched.left_open() == set()


def test_content_that_cannot_be_made_leaves_the_old_file_and_no_other(path: Path) -> None:
    broken: Any = [b"the new", None]
    path.write_bytes(OLD)
    with pytest.raises(TypeError):
        files.replace(path, broken)

    assert path.read_bytes() == OLD
    assert names(path.parent) == [NAME]


def test_a_temporary_file_that_cannot_be_removed_does_not_hide_what_went_wrong(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("simple_db.persistence.files.System.unlink", staticmethod(fail))

    with pytest.raises(SnapshotError, match="No space left"):
        files.replace(path, NEW, Watched(2, FAULTS[0]))


# --- removing --------------------------------------------------------------------------------


def test_a_removed_file_stays_away_whatever_crashes(path: Path) -> None:
    path.write_bytes(OLD)
    watched = Watched()
    files.remove(path, watched)

    assert names(path.parent) == []
    assert watched.left_open() == set()
    assert contents_after_crash(watched.calls, OLD) == {None}
    assert contents_after_crash(watched.calls[:-2], OLD) == {OLD, None}


def test_a_file_that_cannot_be_removed_is_an_error(path: Path) -> None:
    with pytest.raises(SnapshotError, match=f"{path} cannot be removed: No such file"):
        files.remove(path)
