"""Processes that tests run to their end."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from tests.support.serving import PATIENCE, PROJECT

if TYPE_CHECKING:
    from pathlib import Path


def ran(
    *command: str | Path, cwd: Path = PROJECT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a program with these variables of the environment more, and keep what it prints."""
    return subprocess.run(  # noqa: S603 - programs of the environment
        command,
        check=False,
        capture_output=True,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(PROJECT)} | environment,
        text=True,
        timeout=2 * PATIENCE,
    )
