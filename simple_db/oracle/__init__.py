"""The oracle: any implementation of Glance's database API, compared with simple_db."""

from simple_db.installed import extras

try:
    # Imported here, so that every module of the package raises the same error.
    import click  # noqa: F401
    import hypothesis  # noqa: F401
    import rich  # noqa: F401
except ModuleNotFoundError as error:
    raise extras.absent(__name__, "oracle", error) from None
