"""What an import reads from the disk: staged files only, never a path of the caller."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import webob.exc
from glance.api.v2.images import ImagesController
from glance.common import exception
from glance.common.scripts import utils as script_utils

from simple_db.glance.image_files import size_of
from simple_db.glance.replaced import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILE = "file://"

# The method that fetches from a URL of the caller; Glance checks that URL.
_WITH_URI = "web-download"

# Directories below the data directory, in which Glance creates all files.
_STAGED = ("staging", "tasks")


@contextlib.contextmanager
def only_staged_files(data: Path) -> Iterator[None]:
    """Make an import read staged files only, until the end of the block.

    Glance takes the ``uri`` of a request for the place of the staged data, whatever the method.
    Here it is refused unless the method is web-download, and files are opened in the directories of
    staged data only.

    Args:
        data: the absolute path of the data directory.
    """
    import_image = ImagesController.import_image
    read = script_utils.get_image_data_iter
    directories = {data / name for name in _STAGED}

    def check_and_import(controller: Any, req: Any, image_id: str, body: Any) -> Any:
        _check_method(body["method"])
        return import_image(controller, req, image_id, body)

    def check_and_read(uri: str) -> Any:
        if uri.startswith(_FILE):
            _check_file(Path(uri.removeprefix(_FILE)), directories)
        return read(uri)

    with (
        replaced(ImagesController, import_image=check_and_import),
        replaced(script_utils, get_image_data_iter=check_and_read),
    ):
        yield


def _check_method(method: dict[str, Any]) -> None:
    if method.get("uri") is not None and method["name"] != _WITH_URI:
        raise webob.exc.HTTPBadRequest(
            f"The import method {method['name']} takes no uri; leave it out, or use {_WITH_URI}."
        )


def _check_file(path: Path, directories: set[Path]) -> None:
    if path.parent not in directories or size_of(path) is None:
        raise exception.BadStoreUri("An import reads staged files only.")
