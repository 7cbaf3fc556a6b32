"""The oracle: any implementation of Glance's database API, held against simple_db."""

from simple_db.installed import extras

try:
    # One error for whatever is missing, and here, where everybody comes by first.
    import click  # noqa: F401
    import hypothesis  # noqa: F401
    import rich  # noqa: F401
except ModuleNotFoundError as error:
    raise extras.absent(__name__, "oracle", error) from None
