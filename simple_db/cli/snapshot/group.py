"""The group of the commands on snapshots: check, show, diff, upgrade.

They need click and rich and nothing of Glance. They read a snapshot as a database does that opens
it: with its journal.
"""

from __future__ import annotations

import click

from simple_db.cli.snapshot.check import check
from simple_db.cli.snapshot.diff import diff
from simple_db.cli.snapshot.show import show
from simple_db.cli.snapshot.upgrade import upgrade

_EXAMPLES = """\b
Examples:
  simple-db snapshot check glance.json
  simple-db snapshot show glance.json
  simple-db snapshot show glance.json --image 1f0a
  simple-db snapshot diff before.json after.json
  simple-db snapshot upgrade tests/fixtures/*.json
"""


@click.group(epilog=_EXAMPLES, invoke_without_command=True)
@click.pass_context
def snapshot(context: click.Context) -> None:
    """Check, show, compare and upgrade snapshots.

    A snapshot is read together with its journal, if it has one, as a server reads it. Credentials
    in the URLs of locations are masked, unless --reveal is given.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for _command in (check, show, diff, upgrade):
    snapshot.add_command(_command)
