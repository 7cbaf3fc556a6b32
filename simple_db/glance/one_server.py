"""One server alone: no request is handed on to another one, whatever a snapshot says of an image.

Where there are several servers, Glance notes at an image which of them has its staged data, and
hands requests on to that URL. Here there is one, which has all data. The note may be of a port that
it had before, or of whatever host the author of a snapshot chose.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from glance.api.v2.images import ImagesController

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def nothing_handed_on() -> Iterator[None]:
    """Have Glance answer every request itself, until the end of the block."""
    is_proxyable = ImagesController.is_proxyable
    ImagesController.is_proxyable = lambda _controller, _image: None
    try:
        yield
    finally:
        ImagesController.is_proxyable = is_proxyable
