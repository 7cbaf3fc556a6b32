"""The option ``--driver`` of the tests, which runs the quirks on another driver."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.serving import PROJECT


@pytest.mark.parametrize("driver", ["simple_db", "simple_db.api", "some.other.driver"])
def test_a_test_of_a_quirk_is_named_by_the_driver_that_it_runs_on(driver: str) -> None:
    given = [] if driver == "simple_db" else ["--driver", driver]
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "pytest", "tests/test_quirks.py", "--collect-only", "-q", *given],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    )
    tests = [line for line in done.stdout.splitlines() if "::" in line]

    assert len(tests) > 1
    assert {line.rpartition("[")[2] for line in tests} == {f"{driver}]", "sql driver]"}
    assert sum(f"[{driver}]" in line for line in tests) == len(tests) / 2
