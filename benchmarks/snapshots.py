"""How long the processor is busy with a snapshot of many images, and how much memory it takes.

    python -m benchmarks.snapshots [IMAGES]

Time is a ratio to orjson alone on the same rows, measured as `benchmarks.measuring` says. Memory is
the peak of a process of its own (Linux only), beyond what the interpreter and our modules take, as
a multiple of the size of the file; the database that it holds then is in it.
"""

from __future__ import annotations

import gc
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.measuring import Spread, Work, context, measured, ratio
from simple_db import Database, RequestContext

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGES = 100_000
ROUNDS = 4
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


def times(path: str, db: Database, rounds: int = ROUNDS) -> Iterator[tuple[str, dict[str, Spread]]]:
    """Give what a save and a load take, each with orjson alone."""
    content = Path(path).read_bytes()
    document = orjson.loads(content)
    dumps, save = Work(lambda: orjson.dumps(document)), Work(lambda: db.save(path))
    yield "save", measured({"orjson.dumps": dumps, "save": save}, rounds)
    loads, load = Work(lambda: orjson.loads(content)), Work(lambda: Database().load(path))
    yield "load", measured({"orjson.loads": loads, "load": load}, rounds)


def peaks(path: str, rounds: int = ROUNDS) -> dict[str, Spread]:
    """Return how many bytes each took at most, in a process of its own each time."""
    return {what: Spread([peak(what, path) for _ in range(rounds)]) for what in PEAKS}


def results(images: int, rounds: int = ROUNDS) -> Table:
    """Measure, and return the table."""
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory) / "glance.json")
        db = seed(images)
        db.save(path)
        size = Path(path).stat().st_size
        found = Table("", "", "ratio", title=f"{images:,} images, {size / 1e6:.0f} MB of snapshot")
        for _, taken in times(path, db, rounds):
            base = next(iter(taken.values())).median
            for name, spread in taken.items():
                taken_by = f"{spread.told()} s of the processor"
                found.add_row(name, taken_by, ratio(spread.median, base))
        for name, spread in peaks(path, rounds).items():
            times_the_file = f"{ratio(spread.median, size)} of the file"
            found.add_row(f"memory: {name}", f"{spread.told(1e6)} MB", times_the_file)
    return found


def main(images: int) -> None:
    console = Console(width=100)
    console.print(context(["orjson"], ROUNDS))
    console.print(results(images))


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in PEAKS:
        sys.stdout.write(str(PEAKS[sys.argv[1]](sys.argv[2])))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
