"""Test files, run by pytest in a process of its own."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.serving import PROJECT

if TYPE_CHECKING:
    from pathlib import Path


def failed(directory: Path, **environment: str) -> tuple[int, int]:
    """Run the tests in a directory, and return how many failed and how many passed."""
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider"]
    done = subprocess.run(  # noqa: S603 - our own command
        [*command, "-W", "ignore", str(directory)],
        cwd=directory,
        env=os.environ | {"PYTHONPATH": str(PROJECT)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    words = done.stdout.split()
    counts = {
        word.strip(","): int(number)
        for number, word in itertools.pairwise(words)
        if number.isdigit()
    }
    assert "errors" not in done.stdout, done.stdout
    return counts.get("failed", 0), counts.get("passed", 0)
