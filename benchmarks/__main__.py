"""How long the same calls take on simple_db, on Glance's in-tree fake, and on its SQL driver.

    python -m benchmarks [IMAGES]

What counts is the ratio of the medians; `benchmarks.measuring` says how they are measured.
"""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Any

from attrs import frozen
from rich.console import Console
from rich.table import Table

from benchmarks.measuring import ROUNDS, Work, context, measured, ratio
from simple_db import RequestContext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.measuring import Spread

IMAGES = 1000
EPOCH = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - naive UTC, as every time in the database
ADMIN = RequestContext(is_admin=True)
MEMBER = RequestContext(owner="member")
DISTRIBUTIONS = ("glance", "SQLAlchemy")
MILLISECOND = 0.001


@frozen
class Driver:
    """What is measured: the functions of the API, and what forgets every row."""

    api: Any
    reset: Callable[[], object]


def drivers() -> dict[str, Driver]:
    """Return the three; the first is what the others are compared with."""
    from glance.db.simple import api as in_tree_fake  # noqa: PLC0415 - the rows need no Glance
    from glance.db.sqlalchemy import api as sql  # noqa: PLC0415
    from glance.db.sqlalchemy import models  # noqa: PLC0415
    from oslo_config import cfg  # noqa: PLC0415
    from oslo_db import options  # noqa: PLC0415

    from simple_db.glance import api as ours  # noqa: PLC0415

    options.set_defaults(cfg.CONF, connection="sqlite://")

    def reset_sql() -> None:
        engine = sql.get_engine()
        models.unregister_models(engine)
        models.register_models(engine)

    return {
        "simple_db": Driver(ours, ours.reset),
        "in-tree fake": Driver(in_tree_fake, in_tree_fake.reset),
        "SQL driver, SQLite": Driver(sql, reset_sql),
    }


def seed(api: Any, images: int) -> None:
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
        api.image_create(ADMIN, image)
        if number % 10 == 1:
            membership = {"image_id": image["id"], "member": "member", "status": "accepted"}
            api.image_member_create(ADMIN, membership)


def rows(images: int) -> dict[str, Callable[[Driver], Work]]:
    """Return what is measured, by the name that the table has for it.

    The first row makes the images that the others look at, on a database that is empty each time.
    """
    some = f"{images // 2:036d}"
    n = f"{images:,}"
    return {
        f"create {n} images with children": lambda driver: Work(
            lambda: seed(driver.api, images), prepare=driver.reset
        ),
        f"list {n} images": lambda driver: Work(lambda: driver.api.image_get_all(ADMIN)),
        f"list {n} images as a member": lambda driver: Work(
            lambda: driver.api.image_get_all(MEMBER)
        ),
        f"list a page of 25 of {n} images": lambda driver: Work(
            lambda: driver.api.image_get_all(ADMIN, limit=25), times=5
        ),
        f"list those of {n} images with a property": lambda driver: Work(
            lambda: driver.api.image_get_all(ADMIN, filters={"number": "7"}), times=5
        ),
        f"get one image of {n}": lambda driver: Work(
            lambda: driver.api.image_get(ADMIN, some), times=50
        ),
        f"update one image of {n}": lambda driver: Work(
            lambda: driver.api.image_update(ADMIN, some, {"name": "renamed"}), times=20
        ),
    }


def results(
    of: Mapping[str, Driver], images: int, rounds: int = ROUNDS
) -> Iterator[tuple[str, dict[str, Spread]]]:
    """Give each row with what it took on each driver."""
    for what, work in rows(images).items():
        yield what, measured({name: work(driver) for name, driver in of.items()}, rounds)


def table(found: Iterator[tuple[str, dict[str, Spread]]], names: list[str]) -> Table:
    """Return the results as rich prints them."""
    shown = Table("milliseconds of the processor", *names, show_lines=True)
    for what, taken in found:
        base = taken[names[0]].median
        cells = (
            f"{spread.told(MILLISECOND)}\nratio {ratio(spread.median, base)}"
            for spread in taken.values()
        )
        shown.add_row(what, *cells)
    return shown


def main() -> None:
    images = int(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    of = drivers()
    console = Console(width=120)
    console.print(context(DISTRIBUTIONS))
    console.print(table(results(of, images), list(of)))


if __name__ == "__main__":
    main()
