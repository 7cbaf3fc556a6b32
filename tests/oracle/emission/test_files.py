from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from simple_db.oracle.emission import files
from tests.support.broken import broken_target

if TYPE_CHECKING:
    from pathlib import Path

    from simple_db import Database


def test_tests_of_one_name_have_files_of_their_own(tmp_path: Path) -> None:
    test = files.EmittedTest("test_it", "1\n")

    paths = files.write([test, test], tmp_path / "new" / "directory")

    assert [path.name for path in paths] == ["test_it.py", "test_it_2.py"]
    assert [path.read_text() for path in paths] == ["1\n", "1\n"]


def test_an_interruption_is_no_failure_of_a_test() -> None:
    test = files.EmittedTest("test_it", "def test_it(db):\n    db.stop()\n")

    def stop(_db: Database) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        test.passes_on(broken_target(stop=stop).driver)
