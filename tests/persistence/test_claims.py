from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from simple_db.model.clock import new_id
from simple_db.model.errors import SnapshotError, SnapshotInUse
from simple_db.persistence import claims, files
from tests.support.disk import mode, names, open_descriptors
from tests.support.kept import NAME

if TYPE_CHECKING:
    from pathlib import Path

NEW = [b"the ", b"new ", b"content"]


HOLD = """
import sys
from simple_db.persistence import claims
with claims.claimed(sys.argv[1]):
    print("claimed", flush=True)
    sys.stdin.read()
"""


def a_holder(path: Path) -> subprocess.Popen[str]:
    """Start a process that claims the file until its input ends."""
    return subprocess.Popen(  # noqa: S603 - it is our own
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refused(path: Path) -> bool:
    """Try to claim the file, and tell whether somebody has it."""
    try:
        with claims.claimed(path):
            return False
    except SnapshotInUse:
        return True


def test_a_second_claim_is_refused_with_the_name_of_the_file(path: Path) -> None:
    with (
        claims.claimed(path),
        pytest.raises(SnapshotInUse, match=rf"{path} is in use by this process \({os.getpid()}\)"),
        claims.claimed(path),
    ):
        pytest.fail("it was claimed twice")


def test_a_claim_of_another_process_is_refused(path: Path) -> None:
    with claims.claimed(path), a_holder(path) as other:
        out, err = other.communicate(timeout=60)

    assert out == ""
    assert "SnapshotInUse" in err


def test_a_claim_ends_with_its_block_however_that_ends(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), claims.claimed(path):
        raise ZeroDivisionError

    assert not refused(path)


def test_a_claim_ends_with_its_process_even_if_that_is_killed(path: Path) -> None:
    with a_holder(path) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "claimed\n"
        assert refused(path)
        other.kill()
        other.communicate(timeout=60)

    assert names(path.parent) == [f"{NAME}.lock"]
    assert not refused(path)
    assert names(path.parent) == []


def test_other_files_can_be_claimed_meanwhile(tmp_path: Path) -> None:
    with claims.claimed(tmp_path / "a"):
        assert not refused(tmp_path / "b")


def test_the_file_is_claimed_under_whatever_name(tmp_path: Path, path: Path) -> None:
    (tmp_path / "link").symlink_to(path)
    with claims.claimed(tmp_path / "link"):
        assert refused(path)
        assert names(tmp_path) == [f"{NAME}.lock", "link"]


def test_a_claim_is_a_private_file_beside_that_goes_away(path: Path) -> None:
    lock = path.with_name(f"{NAME}.lock")
    with claims.claimed(path):
        assert names(path.parent) == [lock.name]
        assert mode(lock) == 0o600

    assert names(path.parent) == []


def test_what_a_killed_process_has_left_is_removed_and_nothing_else(path: Path) -> None:
    left = f"{new_id()}.tmp"
    for name in (f".{path.name}.{left}", f".{path.name}.journal.{left}", f".other.{left}", ".tmp"):
        path.with_name(name).touch()
    with claims.claimed(path):
        pass

    assert {one.name for one in path.parent.iterdir()} == {".tmp", f".other.{left}"}


def test_a_directory_that_cannot_be_listed_can_be_claimed_in(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(type(path), "iterdir", refuse)
    with claims.claimed(path) as claim:
        assert claim.is_ours


def test_a_claim_stays_while_the_file_is_replaced(path: Path) -> None:
    with claims.claimed(path):
        files.replace(path, NEW)
        assert refused(path)


def test_a_lock_that_is_removed_while_it_is_taken_is_taken_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, flock = path.with_name(f"{NAME}.lock"), fcntl.flock
    removals = iter([lock.unlink])

    def late(descriptor: int, operation: int) -> None:
        next(removals, lambda: None)()
        flock(descriptor, operation)

    before = open_descriptors()
    monkeypatch.setattr("fcntl.flock", late)
    with claims.claimed(path):
        assert lock.exists()
        assert refused(path)

    assert open_descriptors() == before


def test_the_lock_of_another_claim_is_not_removed(path: Path) -> None:
    lock = path.with_name(f"{NAME}.lock")
    with claims.claimed(path):
        lock.unlink()
        lock.touch()

    assert lock.exists()


def test_a_lock_that_cannot_be_removed_is_released(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Path) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    with monkeypatch.context() as patched, claims.claimed(path):
        patched.setattr("pathlib.Path.unlink", fail)

    assert not refused(path)


@pytest.mark.parametrize("kind", ["directory", "link"])
def test_a_lock_that_is_no_file_is_an_error(path: Path, kind: str) -> None:
    lock = path.with_name(f"{NAME}.lock")
    if kind == "directory":
        lock.mkdir()
    else:
        lock.symlink_to("elsewhere")

    with pytest.raises(SnapshotError, match=r"cannot be claimed: [A-Z]"), claims.claimed(path):
        pytest.fail("it was claimed")

    assert names(path.parent) == [lock.name]


@pytest.mark.parametrize(
    ("name", "why"),
    [("a\0b", "looked at"), (f"missing/{NAME}", "claimed: No such file")],
)
def test_what_no_file_can_be_called_cannot_be_claimed(tmp_path: Path, name: str, why: str) -> None:
    with (
        pytest.raises(SnapshotError, match=f"{name}.* cannot be {why}"),
        claims.claimed(tmp_path / name),
    ):
        pytest.fail("it was claimed")
