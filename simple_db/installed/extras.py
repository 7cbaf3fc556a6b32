"""The error for a missing package of one of our extras."""

from __future__ import annotations

import importlib.util

from simple_db.installed import distribution


def absent(what: str, extra: str, error: ModuleNotFoundError) -> ModuleNotFoundError:
    """Return the error to raise for an import that has failed.

    Args:
        what: The module of ours that needs the package.
        extra: The extra that has it.
        error: What the import has raised.

    Returns:
        An error that names the missing package and how to install it; or `error` itself, if the
        package is installed and only a module of it is missing.
    """
    package = (error.name or "").partition(".")[0]
    if not package or importlib.util.find_spec(package) is not None:
        return error
    return ModuleNotFoundError(
        f"{what} needs {package}, which is not installed: {distribution.how_to_install(extra)}",
        name=package,
    )
