"""The group of all commands of ``simple-db``, and how one of them is run."""

from __future__ import annotations

import click

from simple_db.cli import console
from simple_db.cli.metadefs import metadefs
from simple_db.cli.oracle import oracle
from simple_db.cli.schema import schema
from simple_db.cli.serve import serve
from simple_db.cli.snapshot.group import snapshot
from simple_db.model.errors import SimpleDBError


def run(arguments: list[str] | None = None, program: str = "simple-db") -> int:
    """Run a command line, by default that of the process, and return its exit code.

    Every error that a command raises for its user is printed here, in one line.
    """
    try:
        code = main.main(arguments, prog_name=program, standalone_mode=False)
    except click.Abort:
        return console.refuse("stopped", console.INTERRUPTED)
    except click.ClickException as error:
        return console.refuse(error.format_message(), error.exit_code)
    except SimpleDBError as error:
        return console.refuse(str(error))
    return code if isinstance(code, int) else 0


def _show_version(context: click.Context, _option: click.Parameter, asked: bool) -> None:
    if asked:
        console.show_version()
        context.exit()


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version, where simple_db is installed, and what is wrong with that.",
)
@click.pass_context
def main(context: click.Context) -> None:
    """The OpenStack Glance database API in memory, and a Glance API server on it."""
    if console.colourless():
        context.color = False
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for _command in (serve, metadefs, schema, oracle, snapshot):
    main.add_command(_command)
