"""How long the same calls take on simple_db, on Glance's in-tree fake, and on its SQL driver.

    python -m benchmarks [IMAGES]

The three are timed in turn within each round, so that a machine that slows down slows all three;
what counts is the ratio of the medians.
"""

import datetime as dt
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from glance.db.simple import api as in_tree_fake
from glance.db.sqlalchemy import api as sql
from glance.db.sqlalchemy import models
from oslo_config import cfg
from oslo_db import options
from rich.console import Console
from rich.table import Table

from simple_db import RequestContext
from simple_db.glance import api as ours

ROUNDS = 5
EPOCH = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - naive UTC, as every time in the database
ADMIN = RequestContext(is_admin=True)
MEMBER = RequestContext(owner="member")

Job = Callable[[Any], object]


def reset_sql() -> None:
    engine = sql.get_engine()
    models.unregister_models(engine)
    models.register_models(engine)


DRIVERS: dict[str, tuple[Any, Callable[[], None]]] = {
    "simple_db": (ours, ours.reset),
    "in-tree fake": (in_tree_fake, in_tree_fake.reset),
    "SQL driver, SQLite": (sql, reset_sql),
}


def seed(driver: Any, images: int) -> None:
    """Create images with two properties and a location each; every tenth is shared."""
    for number in range(images):
        made = EPOCH + dt.timedelta(seconds=number)
        image = {
            "id": f"{number:036d}",
            "name": f"image {number}",
            "status": "active",
            "owner": f"owner {number % 10}",
            "visibility": "shared" if number % 2 else "public",
            "size": number,
            "created_at": made,
            "updated_at": made,
            "properties": {"os_distro": "debian", "number": str(number)},
            "locations": [{"url": f"file:///{number}", "metadata": {}, "status": "active"}],
        }
        driver.image_create(ADMIN, image)
        if number % 10 == 1:
            membership = {"image_id": image["id"], "member": "member", "status": "accepted"}
            driver.image_member_create(ADMIN, membership)


def jobs(images: int) -> dict[str, Job]:
    some = f"{images // 2:036d}"
    return {
        "list all as administrator": lambda db: db.image_get_all(ADMIN),
        "list all as a member": lambda db: db.image_get_all(MEMBER),
        "list a page of 25": lambda db: db.image_get_all(ADMIN, limit=25),
        "list by a property": lambda db: db.image_get_all(ADMIN, filters={"number": "7"}),
        "get one": lambda db: db.image_get(ADMIN, some),
        "update one": lambda db: db.image_update(ADMIN, some, {"name": "renamed"}),
    }


def timed(job: Job, driver: Any) -> float:
    begin = time.perf_counter()
    job(driver)
    return time.perf_counter() - begin


def medians(job: Job) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in DRIVERS}
    for _ in range(ROUNDS):
        for name, (driver, _reset) in DRIVERS.items():
            taken[name].append(timed(job, driver))
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> None:
    images = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    options.set_defaults(cfg.CONF, connection="sqlite://")
    seeding = {}
    for name, (driver, reset) in DRIVERS.items():
        reset()
        seeding[name] = timed(lambda db: seed(db, images), driver)
    results = {f"create {images}": seeding} | {
        what: medians(job) for what, job in jobs(images).items()
    }
    table = Table("call", *DRIVERS, title=f"{images} images: milliseconds (ratio to simple_db)")
    for what, taken in results.items():
        base = taken["simple_db"]
        table.add_row(what, *(f"{t * 1000:,.2f} ({t / base:.1f})" for t in taken.values()))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
