"""The command ``simple-db oracle``.

This module needs click only, so that the other commands work where hypothesis is not installed;
`simple_db.oracle` needs it.
"""

from __future__ import annotations

import re
from typing import Any

import click

from simple_db.cli import options as shared
from simple_db.model.errors import SimpleDBError

_EXAMPLES = """\b
Examples:
  Compare Glance's in-tree fake with the reference for two minutes:
    simple-db oracle glance.db.simple.api

\b
  Your own driver: a module with a function reset(), an object in a module,
  or whatever a function of yours returns:
    simple-db oracle mydriver.api
    simple-db oracle mydriver.api:database
    simple-db oracle mydriver --setup mydriver.testing:clean_driver

\b
  Glance's SQL driver on a server; it gets a database of its own there:
    simple-db oracle glance.db.sqlalchemy.api \\
        --url mysql+pymysql://root@127.0.0.1:3306/

\b
  In CI: images and members only, known divergences are passed over, tests for others:
    simple-db oracle mydriver.api --ops images,members --budget 5m \\
        --known divergences.toml --emit diverging --junit oracle.xml

\b
  The emitted tests fail on the target, and pass on the reference:
    python -m pytest diverging
    DRIVER=simple_db.api python -m pytest diverging

\b
Exit code: 0 the two agree, 1 they do not, 2 it could not run.
"""


def _seconds(_context: click.Context, _option: click.Parameter, text: str) -> float:
    """Read a span of time: ``90``, ``90s``, ``2m``, ``1h``."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if match is None or not float(match[1]):
        raise click.BadParameter(f"{text!r} is not a time; write 90s, 2m or 1h")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


class _CannotRun(click.ClickException):
    """The command could not run, so there is nothing to report."""

    exit_code = 2


@click.command(epilog=_EXAMPLES)
@click.argument("target", required=False)
@click.option(
    "--setup",
    metavar="MODULE:FUNCTION",
    help="Returns a clean driver; called for every program if that has no reset().",
)
@click.option("--url", help="Database of Glance's SQL driver.  [default: sqlite://]")
@click.option(
    "--ops",
    metavar="LIST",
    help=(
        "Parts of the API to call, with commas between: images, members, tags, locations,"
        " properties, tasks, metadefs, cache.  [default: all]"
    ),
)
@click.option(
    "--budget",
    default="2m",
    show_default=True,
    metavar="TIME",
    callback=_seconds,
    help="How long to search: 90s, 2m, 1h.",
)
@click.option("--seed", default=0, show_default=True, help="The same seed makes the same programs.")
@click.option(
    "--known",
    metavar="FILE",
    type=shared.FILE,
    help=(
        "TOML file of divergences to pass over; a stale one is a failure."
        "  [default: for Glance's SQL driver, the register of simple_db]"
    ),
)
@click.option(
    "--emit", metavar="DIR", type=shared.DIRECTORY, help="Write a test for each divergence."
)
@click.option(
    "--json", "json_path", metavar="FILE", type=shared.FILE, help="Write the result as JSON."
)
@click.option(
    "--junit", "junit_path", metavar="FILE", type=shared.FILE, help="Write it as JUnit XML."
)
@click.option(
    "--threads",
    metavar="N",
    type=click.IntRange(2, 8),
    help="Then let N threads race, 1,000 times, and check their outcomes.",
)
@click.option("--self-test", is_flag=True, help="Show which of many seeded faults are found.")
def oracle(target: str | None, self_test: bool, **options: Any) -> int:
    """Compare an implementation of Glance's database API with simple_db.

    Random programs are run on both until the budget is spent. Every answer, every exception and the
    state that each of many callers sees must be the same. Each divergence is reported with the
    shortest program that shows it. Ctrl-C ends the search and reports what was found.

    TARGET is MODULE or MODULE:ATTRIBUTE with the functions of the API, and reset(), which forgets
    every row. It runs in this process: never name the database of a live service.
    """
    if (target is None) is not self_test:
        raise click.UsageError("give either a TARGET or --self-test")
    try:
        # hypothesis and rich may not be installed
        from simple_db.oracle import command, request  # noqa: PLC0415
    except ModuleNotFoundError as error:
        from simple_db.installed import distribution  # noqa: PLC0415 - few calls need it, and all would wait

        raise click.UsageError(distribution.needs("oracle", "oracle")) from error
    try:
        if target is None:
            return command.find_faults(options["budget"], options["seed"])
        return command.compare(request.Request(target, **options))
    except (SimpleDBError, OSError) as error:
        raise _CannotRun(str(error)) from error
