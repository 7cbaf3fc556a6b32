"""Members of Glance's modules and classes, replaced until the end of a block."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def replaced(owner: Any, **members: object) -> Iterator[None]:
    """Replace members of a module or a class until the end of the block."""
    own = {name: vars(owner)[name] for name in members if name in vars(owner)}
    try:
        for name, member in members.items():
            setattr(owner, name, member)
        yield
    finally:
        for name in members:
            if name in own:
                setattr(owner, name, own[name])
            else:  # inherited
                delattr(owner, name)
