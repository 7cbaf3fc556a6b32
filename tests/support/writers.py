"""Threads that write without an end, whose calls are all known afterwards: for the kill test.

Run as ``python -m tests.support.writers PATH SAVE START...``, it opens the file to be saved so and
lets one thread for each START go on from that step, while it saves again and again. It prints the
SHA-256 of the snapshot that it began with; ``THREAD STEP`` for every call that has returned; and,
when a save has returned, ``saved`` with the steps that the threads had come to when it began.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from simple_db import Database, RequestContext
from tests.support.build import document_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from simple_db.persistence.database_file import SaveMode

ADMIN = RequestContext(is_admin=True)


def _create(db: Database, thread: int, image: str) -> None:
    values = {
        "id": image,
        "owner": str(thread),
        "status": "queued",
        "properties": {"a": "1", "b": "2"},
        "locations": [{"url": f"file:///{image}", "metadata": {}, "status": "active"}],
    }
    db.image_create(ADMIN, values)


def _change(db: Database, _: int, image: str) -> None:
    values = {"name": image, "min_ram": 3, "properties": {"a": "changed", "c": "new"}}
    db.image_update(ADMIN, image, values, purge_props=True)


def _tag(db: Database, _: int, image: str) -> None:
    db.image_tag_set_all(ADMIN, image, ["blue", "round"])


def _share(db: Database, _: int, image: str) -> None:
    db.image_member_create(ADMIN, {"image_id": image, "member": "bob"})


def _accept(db: Database, _: int, image: str) -> None:
    (member,) = db.image_member_find(ADMIN, image_id=image)
    db.image_member_update(ADMIN, member["id"], {"status": "accepted"})


def _lock(db: Database, _: int, image: str) -> None:
    db.image_set_property_atomic(image, "lock", "mine")


def _cache(db: Database, thread: int, image: str) -> None:
    db.insert_cache_details(ADMIN, _node(thread), image, 10)


def _uncache(db: Database, thread: int, image: str) -> None:
    db.delete_cached_image(ADMIN, image, _node(thread))


def _destroy(db: Database, _: int, image: str) -> None:
    db.image_destroy(ADMIN, image)


def _node(thread: int) -> str:
    return f"http://{thread}"


STEPS: list[Callable[[Database, int, str], None]] = [
    *(_create, _change, _tag, _share, _accept, _lock, _cache, _uncache, _destroy)
]


def step(db: Database, thread: int, number: int) -> None:
    """Make a thread's call of that number; number 0 is the first of all."""
    if number == 0:
        db.node_reference_create(ADMIN, _node(thread))
        return
    image, call = divmod(number - 1, len(STEPS))
    STEPS[call](db, thread, f"{thread}-{image:06}")


def view(db: Database, threads: int) -> list[dict[Any, tuple[Any, ...]]]:
    """Give what each thread has made: no times and no ids that count the calls of others too."""
    tables = document_of(db)["tables"]
    owners = {image["id"]: int(image["owner"]) for image in tables["images"]}
    seen: list[dict[Any, tuple[Any, ...]]] = [{} for _ in range(threads)]
    for node in tables["node_reference"]:
        seen[int(node["node_reference_url"].removeprefix("http://"))]["node"] = ()
    for table, columns in _SEEN.items():
        for row in tables[table]:
            key = (table, row[columns[0]])
            mine = seen[owners[row[columns[0]]]]
            mine[key] = (*mine.get(key, ()), tuple(row[column] for column in columns[1:]))
    return seen


_SEEN = {
    "images": ("id", "name", "status", "min_ram", "deleted"),
    "image_properties": ("image_id", "name", "value", "deleted"),
    "image_locations": ("image_id", "value", "deleted"),
    "image_tags": ("image_id", "value", "deleted"),
    "image_members": ("image_id", "member", "status", "deleted"),
    "cached_images": ("image_id", "size"),
}


def digest(db: Database) -> str:
    """Give the SHA-256 of a database."""
    return hashlib.sha256(db.snapshot()).hexdigest()


def main(path: str, save: SaveMode, *starts: str) -> None:
    """Write until somebody kills the process."""

    def write(thread: int) -> None:
        while True:
            step(db, thread, steps[thread])
            tell(f"{thread} {steps[thread]}")
            steps[thread] += 1
            if save != "always":  # where a call waits for the disk
                time.sleep(0.005)

    steps = [int(start) for start in starts]
    with Database.open(path, save=save, interval=0.01) as db:
        tell(digest(db))
        for thread in range(len(starts)):
            threading.Thread(target=write, args=(thread,), daemon=True).start()
        while True:
            returned = list(steps)
            db.save()
            tell(f"saved {' '.join(map(str, returned))}")


def tell(line: str) -> None:
    # One system call, so that the lines of threads do not mix and nothing is left in a buffer.
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *sys.argv[3:])  # type: ignore[arg-type] # the tests give it
