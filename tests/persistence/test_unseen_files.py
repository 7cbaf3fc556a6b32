"""Only "no such file" says that a file is not there: whatever else a look fails with is an error.

Each look at a file fails in turn, with each error that a disk, a network or a security module has.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import itertools
import os
import re
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define

from simple_db import Database
from simple_db.cli import commands, reading
from simple_db.model.errors import Invalid, SnapshotError
from simple_db.operations.metadefs import files as metadef_files
from simple_db.persistence import files, journal
from tests.support.build import an_image
from tests.support.kept import FOREVER, NAME, held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from simple_db.persistence.database_file import SaveMode

LINK = "link.json"

LOOKS = ("stat", "lstat", "fstat", "open", "readlink", "listdir", "scandir")
"""Each way to look at a file."""

NUMBERS = (errno.EIO, errno.EACCES, errno.ESTALE, errno.ELOOP)
EVERY_ERROR = pytest.mark.parametrize("number", NUMBERS, ids=errno.errorcode.__getitem__)


@define
class Looks:
    """How many looks there were, and which of them fails.

    Attributes:
        number: What a look fails with.
        fails_at: The number of the look that fails, from 0; None is none of them.
        name: The end of the name of a file at which every look fails; empty is no file.
    """

    number: int
    fails_at: int | None = None
    name: str = ""
    made: int = 0

    def make(self, look: Callable[..., Any], path: Any, *arguments: Any, **options: Any) -> Any:
        fails = self.made == self.fails_at
        self.made += 1
        if fails or (self.name and str(path).endswith(self.name)):
            raise OSError(self.number, os.strerror(self.number))
        return look(path, *arguments, **options)


@contextlib.contextmanager
def looking(looks: Looks) -> Iterator[Looks]:
    with pytest.MonkeyPatch.context() as patch:
        for name in LOOKS:
            patch.setattr(os, name, functools.partial(looks.make, getattr(os, name)))
        yield looks


def each_look(number: int, least: int = 5) -> Iterator[Looks]:
    """Give looks of which the first fails, then the second, and so on, more than so many."""
    for fails_at in itertools.count():
        looks = Looks(number, fails_at)
        yield looks
        if looks.made <= fails_at:
            break
    assert fails_at > least


@pytest.fixture
def killed(memory: Path) -> Path:
    """Leave what a killed process leaves: a snapshot of one image, a journal of another, a link."""
    with Database.open(memory / NAME, save="always", interval=FOREVER) as db:
        an_image(db, "a")
        db.save()
        an_image(db, "b")
        shutil.copytree(memory, memory / "left", ignore=shutil.ignore_patterns("*.lock"))
    (memory / "left" / LINK).symlink_to(NAME)
    return memory / "left"


def images_in(path: Path) -> set[str]:
    database = Database()
    database.load(path)
    return {image["id"] for image in database.image_get_all(None)}


def opens(path: Path, save: SaveMode) -> bool:
    """Return whether the file could be opened; every image is there then."""
    was_opened = False
    with (
        contextlib.suppress(SnapshotError),
        Database.open(path, save=save, interval=FOREVER) as db,
    ):
        was_opened = True
        assert db.counts()["images"] == 2
    return was_opened


# --- each look in turn -----------------------------------------------------------------------


@EVERY_ERROR
@pytest.mark.parametrize("save", ["manual", "exit", "interval", "always"])
def test_an_opening_in_which_any_look_fails_loses_nothing(
    killed: Path, number: int, save: SaveMode, memory: Path
) -> None:
    before, directory, was_refused = held(killed), memory / "again", False
    for looks in each_look(number, 20):
        shutil.copytree(killed, directory, symlinks=True)
        with looking(looks):
            was_opened = opens(directory / LINK, save)
        assert images_in(directory / LINK) == {"a", "b"}
        assert (directory / LINK).is_symlink()
        assert held(directory).keys() <= before.keys() | {f"{NAME}.lock"}
        was_refused |= not was_opened
        shutil.rmtree(directory)
    assert was_refused


@EVERY_ERROR
def test_a_reading_in_which_any_look_fails_is_right_or_refused(killed: Path, number: int) -> None:
    for looks in each_look(number):
        database = Database()
        with looking(looks), contextlib.suppress(SnapshotError):
            database.load(killed / LINK)
            assert database.counts()["images"] == 2


@EVERY_ERROR
def test_a_save_in_which_any_look_fails_replaces_no_file_that_it_did_not_see(
    killed: Path, number: int
) -> None:
    before = held(killed)
    for looks in each_look(number):
        with looking(looks), pytest.raises(SnapshotError):
            Database().save(killed / LINK)
        after = held(killed)
        after.pop(f"{NAME}.lock", None)
        assert after == before


# --- one file that cannot be looked at -------------------------------------------------------


@EVERY_ERROR
@pytest.mark.parametrize("name", [NAME, LINK, f"{NAME}.journal"])
def test_a_file_that_cannot_be_looked_at_is_named_with_the_reason(
    killed: Path, number: int, name: str
) -> None:
    before = held(killed)
    calls: list[Callable[[], object]] = [
        lambda: Database().load(killed / LINK),
        lambda: Database().save(killed / LINK),
        lambda: Database.open(killed / LINK).__enter__(),
    ]
    for call in calls:
        with (
            looking(Looks(number, name=name)),
            pytest.raises(SnapshotError, match=rf"json(\.journal)? (is|cannot be) .*{why(number)}"),
        ):
            call()

    (killed / f"{NAME}.lock").unlink(missing_ok=True)
    assert held(killed) == before


def why(number: int) -> str:
    return "symbolic links" if number == errno.ELOOP else os.strerror(number)


@pytest.mark.parametrize("number", [*NUMBERS, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ETIMEDOUT])
@pytest.mark.parametrize("follow", [True, False])
def test_only_no_such_file_is_absence(path: Path, number: int, follow: bool) -> None:
    assert not files.exists(path, follow=follow)
    with (
        looking(Looks(number, fails_at=0)),
        pytest.raises(SnapshotError, match=f"{path} cannot be looked at: {os.strerror(number)}"),
    ):
        files.exists(path, follow=follow)
    path.touch()
    assert files.exists(path, follow=follow)


def test_a_link_that_leads_nowhere_is_there_unless_it_is_followed(path: Path) -> None:
    path.symlink_to("nowhere")

    assert not files.exists(path)
    assert files.exists(path, follow=False)


def test_a_name_with_a_nul_character_is_no_absent_file() -> None:
    with pytest.raises(SnapshotError, match="a\0b cannot be looked at"):
        files.exists("a\0b")


# --- names -----------------------------------------------------------------------------------


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """Give a path that leads over links to a file that is not there."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").symlink_to("../elsewhere/new")
    (tmp_path / "real" / "to").symlink_to(tmp_path / "real" / "file")
    (tmp_path / "directory").symlink_to("real")
    return tmp_path / "directory" / "to"


def test_a_name_is_followed_to_what_is_not_there(linked: Path, tmp_path: Path) -> None:
    assert files.named(linked) == tmp_path / "elsewhere" / "new"
    (tmp_path / "elsewhere").symlink_to("real")
    assert files.named(linked) == tmp_path / "real" / "new"


@EVERY_ERROR
def test_a_name_never_becomes_another_because_a_link_could_not_be_read(
    linked: Path, number: int
) -> None:
    named = files.named(linked)
    for looks in each_look(number):
        with looking(looks), contextlib.suppress(SnapshotError):
            assert files.named(linked) == named


def test_a_file_that_comes_while_its_name_is_followed_is_followed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(*arguments: Any, **options: Any) -> Any:
        path.touch()
        return found(*arguments, **options)

    found = files.found
    monkeypatch.setattr(files, "found", make)

    assert files.named(path) == path


def test_a_working_directory_that_is_gone_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(SnapshotError, match=rf"{NAME} cannot be \w"):
        Database().save(NAME)


# --- others who ask whether a file is there --------------------------------------------------


def test_a_command_says_that_it_could_not_look(
    killed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(killed / NAME)
    for arguments, code in (
        (["snapshot", "check", path], 1),
        (["snapshot", "show", path], 2),
        (["snapshot", "upgrade", path], 2),
        (["metadefs", "unload", "--snapshot", path], 2),
    ):
        with looking(Looks(errno.EIO, name=NAME)):
            assert commands.run(arguments) == code
        printed = capsys.readouterr()
        message = printed.err or printed.out.replace(": bad:", "")
        assert message.count("\n") == 1
        assert re.search(rf"{path} cannot be (read|looked at): Input/output error", message)


def test_a_file_of_definitions_that_cannot_be_looked_at_is_not_left_out(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).touch()
    (tmp_path / "c.json").symlink_to("nowhere")
    assert [path.name for path in metadef_files.paths(tmp_path)] == ["a.json", "b.json"]
    with (
        looking(Looks(errno.EIO, name="b.json")),
        pytest.raises(Invalid, match=r"cannot be read: .*Input/output error"),
    ):
        metadef_files.paths(tmp_path)


def test_what_is_no_journal_is_no_reason_to_save_over_it(path: Path) -> None:
    journal.beside(path).symlink_to("nowhere")
    with pytest.raises(SnapshotError, match="may have calls"):
        Database().save(path)


def test_a_file_that_cannot_be_looked_at_has_no_bar_of_progress(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    path.symlink_to(path)
    with reading.progress(path) as show:
        show(1, 2)
    assert capsys.readouterr().err == ""
