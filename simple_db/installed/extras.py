"""What is said where a package is not there that an extra of simple_db brings."""

from __future__ import annotations

import importlib.util

from simple_db.installed import distribution


def absent(what: str, extra: str, error: ModuleNotFoundError) -> ModuleNotFoundError:
    """Return what to raise for an import that has failed.

    Args:
        what: The module of ours that cannot do without.
        extra: The extra that brings what it needs.
        error: What the import has raised.

    Returns:
        An error that names the package that is missing, and how to install it; the same error where
        the package is there, and a module of it is not.
    """
    package = (error.name or "").partition(".")[0]
    if not package or importlib.util.find_spec(package) is not None:
        return error
    return ModuleNotFoundError(
        f"{what} needs {package}, which is not installed: {distribution.how_to_install(extra)}",
        name=package,
    )
