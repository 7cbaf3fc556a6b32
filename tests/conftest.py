"""How thorough the random tests are: few examples at home, more in CI, many at night.

Chosen with the environment variable HYPOTHESIS_PROFILE or pytest's ``--hypothesis-profile``.
"""

import os
import random
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from simple_db import Database
from tests.support.build import a_full_database

# Tests that run in the background, or under nohup, have these ignored, and so would every process
# that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A step of a machine asks two databases, and a loaded machine is no failure.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("dev", parent=_PATIENT, max_examples=20)
settings.register_profile("ci", parent=_PATIENT, max_examples=60, print_blob=True)
settings.register_profile("long", parent=_PATIENT, max_examples=600, print_blob=True)
settings.register_profile("nightly", parent=_PATIENT, max_examples=2000, print_blob=True)
# Four tests of hostile snapshots: 100,000 of them.
settings.register_profile("hostile", parent=_PATIENT, max_examples=25_000, print_blob=True)

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--driver",
        metavar="MODULE",
        help="hold this driver, say glance.db.simple.api, to the quirks in place of simple_db",
    )


@pytest.fixture
def full() -> Database:
    """Make a database with live and deleted rows in every table."""
    return a_full_database()


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """Give a directory in memory, where there is such a thing: disks are slow at renaming files."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tmp_path  # noqa: S108 - ours alone
    with tempfile.TemporaryDirectory(dir=place) as directory:
        yield Path(directory)


@pytest.fixture
def chance() -> random.Random:
    """Give a source of chance, whose seed is printed."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown where a test fails
    return random.Random(seed)  # noqa: S311 - no secret
