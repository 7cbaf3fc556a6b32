"""How long a snapshot of many images takes, and how much memory.

    python -m benchmarks.snapshots [IMAGES]

Time is a ratio to orjson alone on the same rows, taken in turn in the same run. Memory is the peak
of a process of its own (Linux only), beyond what the interpreter and our modules take, as a
multiple of the size of the file; the database that it holds then is in it.
"""

from __future__ import annotations

import gc
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from rich.console import Console
from rich.table import Table

from simple_db import Database, RequestContext

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 3
ADMIN = RequestContext(is_admin=True)


def seed(images: int) -> Database:
    """Create images with two properties, two tags, a location and a member each."""
    db = Database()
    for number in range(images):
        image_id = f"{number:036d}"
        db.image_create(
            ADMIN,
            {
                "id": image_id,
                "name": f"image {number}",
                "status": "active",
                "owner": f"owner {number % 10}",
                "size": number,
                "checksum": f"{number:032x}",
                "properties": {"os_distro": "debian", "number": str(number)},
                "locations": [{"url": f"file:///{number}", "metadata": {}, "status": "active"}],
            },
        )
        db.image_tag_set_all(ADMIN, image_id, ["blue", f"tag {number}"])
        db.image_member_create(ADMIN, {"image_id": image_id, "member": "member"})
    return db


def timed(job: Callable[[], object]) -> float:
    gc.collect()
    begin = time.perf_counter()
    job()
    return time.perf_counter() - begin


def medians(jobs: dict[str, Callable[[], object]]) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            taken[name].append(timed(job))
    return {name: statistics.median(times) for name, times in taken.items()}


# --- memory ----------------------------------------------------------------------------------


def memory(what: str) -> int:
    """Give the bytes of this process: ``VmRSS`` now, ``VmHWM`` at most since `forget_peak`."""
    found = re.search(rf"{what}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None  # noqa: S101 - Linux has them
    return int(found[1]) * 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def parse(path: str) -> int:
    before = memory("VmRSS")
    forget_peak()
    orjson.loads(Path(path).read_bytes())
    return memory("VmHWM") - before


def load(path: str) -> int:
    before = memory("VmRSS")
    forget_peak()
    Database().load(path)
    return memory("VmHWM") - before


def hold(path: str) -> int:
    before = memory("VmRSS")
    db = Database()
    db.load(path)
    gc.collect()
    return memory("VmRSS") - before


def save(path: str) -> int:
    db, before = Database(), memory("VmRSS")
    db.load(path)
    gc.collect()
    forget_peak()
    db.save(path)
    return memory("VmHWM") - before


PEAKS = {"orjson.loads": parse, "load": load, "the database, loaded": hold, "save": save}


def peak(what: str, path: str) -> int:
    """Measure in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.snapshots", what, path]
    return int(subprocess.check_output(command))  # noqa: S603 - it is our own


def main(images: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "glance.json")  # noqa: PTH118 - it is an argument, too
        db = seed(images)
        db.save(path)
        content = Path(path).read_bytes()
        document = orjson.loads(content)
        taken = medians(
            {
                "orjson.dumps": lambda: orjson.dumps(document),
                "save": lambda: db.save(path),
                "orjson.loads": lambda: orjson.loads(content),
                "load": lambda: Database().load(path),
            }
        )
        peaks = {what: peak(what, path) / len(content) for what in PEAKS}
    table = Table(
        "", "seconds", "ratio", title=f"{images} images, {len(content) / 1e6:.0f} MB of snapshot"
    )
    for what, alone in (("save", "orjson.dumps"), ("load", "orjson.loads")):
        table.add_row(alone, f"{taken[alone]:.2f}", "1")
        table.add_row(what, f"{taken[what]:.2f}", f"{taken[what] / taken[alone]:.1f}")
    for what, times in peaks.items():
        table.add_row(f"memory: {what}", "", f"{times:.1f} times the file")
    Console(width=80).print(table)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in PEAKS:
        sys.stdout.write(str(PEAKS[sys.argv[1]](sys.argv[2])))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
