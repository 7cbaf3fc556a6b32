"""A driver of glance_store: files, with locations that are relative to the data directory.

A location is ``file://STORE/IMAGE``: the file IMAGE, percent-encoded, in the directory STORE below
the data directory. So a snapshot and its data can be moved, copied and mounted together. Of a
location with an absolute path, as Glance's own driver writes it, only the last two parts are used:
they are STORE and IMAGE too, and the rest may be the directory of another server.

Nothing else is read or deleted: no symbolic link, no file elsewhere, nothing of another scheme.
"""

from __future__ import annotations

import re
import stat
import urllib.parse
from pathlib import Path
from typing import Any

import glance.db
import glance.gateway
import glance_store
import webob.exc
from attrs import frozen
from glance.common import store_utils, wsgi_app
from glance_store import capabilities, driver, exceptions
from glance_store import location as locations
from glance_store._drivers import filesystem
from oslo_config import cfg

from simple_db.glance.location_metadata import ReadableLocations

_SCHEMES = ("file://", "filesystem://")

# What glance_store raises for a location that is in none of its stores; ValueError if it is no URL.
_NO_LOCATION = (exceptions.UnknownScheme, exceptions.BadStoreUri, ValueError)

_FILE_NAME = re.compile(r"[\w-][\w.-]{0,99}", re.ASCII)

IMAGE_STORES = ("images", "spare")
"""The stores of images, each in a directory of the same name."""

# Glance opens the files in these without this driver.
_RESERVED = tuple(wsgi_app.RESERVED_STORES)


@frozen
class Place:
    """Where a file is, below the data directory.

    Attributes:
        store: the name of a directory.
        name: the name of a file in it.
    """

    store: str
    name: str

    @property
    def url(self) -> str:
        """The location of the file."""
        return f"file://{self.store}/{urllib.parse.quote(self.name, safe='')}"


def place_of(url: str) -> Place | None:
    """Return the place of a location, or None if it is not below the data directory."""
    scheme = next((scheme for scheme in _SCHEMES if url.startswith(scheme)), None)
    if scheme is None:
        return None
    path = url[len(scheme) :]
    if path.startswith("/"):
        _, store, name = f"/{path}".rsplit("/", 2)
    else:
        store, _, quoted = path.partition("/")
        name = urllib.parse.unquote(quoted)
    is_name = name not in {"", ".", ".."} and not {"/", "\0"} & set(name)
    return Place(store, name) if is_name else None


def is_file_name(image_id: str) -> bool:
    """Return whether an id can be the name of a file; in a snapshot it can be any text.

    A name has up to 100 letters, digits, ``_``, ``-`` and ``.``, and does not begin with a dot.
    """
    return _FILE_NAME.fullmatch(image_id) is not None


def size_of(path: Path) -> int | None:
    """Return the size in bytes of a regular file, or None if it is none; follow no link."""
    try:
        status = path.lstat()
    except (OSError, ValueError):  # the latter for a NUL character
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


class StoreLocation(locations.StoreLocation):  # type: ignore[misc] # glance_store has no types
    """A location, as glance_store passes it to `Store`.

    Attributes:
        place: the place of the location, if it has one.
        path: the path of the file, for the base class of `Store`.
    """

    place: Place | None = None
    path = ""

    def parse_uri(self, uri: str) -> None:
        """Take the URL of a location, in any form."""
        self.place = place_of(uri)

    def get_uri(self) -> str:
        """Return the URL; it is empty if the location is not below the data directory."""
        return self.place.url if self.place else ""


class Store(filesystem.Store):  # type: ignore[misc] # likewise
    """A store of files in one directory; the last part of a location is the file."""

    def configure_add(self) -> None:
        """Prepare to read and write, as the configuration says."""
        super().configure_add()
        self._directory = Path(self.datadir)
        self._url_prefix = f"file://{self._directory.name}/"

    @capabilities.check  # type: ignore[untyped-decorator]
    def get(
        self, location: Any, offset: int = 0, chunk_size: int | None = None, context: Any = None
    ) -> Any:
        """Return an iterable of the content and its size in bytes.

        Raises:
            NotFound: the location names no file in this store.
        """
        return super().get(self._found(location), offset, chunk_size, context)

    def get_size(self, location: Any, context: Any = None) -> Any:
        """Return the size in bytes.

        Raises:
            NotFound: the location names no file in this store.
        """
        return super().get_size(self._found(location), context)

    @capabilities.check  # type: ignore[untyped-decorator]
    def delete(self, location: Any, context: Any = None) -> None:
        """Delete the file.

        Raises:
            NotFound: the location names no file in this store.
            Forbidden: the file system refuses.
        """
        super().delete(self._found(location), context)

    @driver.back_compat_add  # type: ignore[untyped-decorator]
    @capabilities.check  # type: ignore[untyped-decorator]
    def add(
        self,
        image_id: str,
        image_file: Any,
        image_size: int,
        hashing_algo: str,
        context: Any = None,
        verifier: Any = None,
    ) -> Any:
        """Write a new file, and return its location, size, two hashes and metadata.

        Raises:
            StorageWriteDenied: the id is no name of a file, or a symbolic link has that name.
            Duplicate: a file has it.
            StorageFull: the disk is full.
        """
        # The base class writes through a dangling link.
        if not is_file_name(image_id) or _is_link(self._directory / image_id):
            raise exceptions.StorageWriteDenied
        url, *rest = super().add(
            image_id, image_file, image_size, hashing_algo, context=context, verifier=verifier
        )
        is_reserved = self.backend_group in _RESERVED
        return (url if is_reserved else Place(self._directory.name, image_id).url, *rest)

    def _found(self, location: Any) -> Any:
        """Return the location with the path of its file in this store."""
        place = location.store_location.place
        if place is None or place.store != self._directory.name:
            raise exceptions.NotFound(f"the data of the image is not in {self._directory.name}")
        path = self._directory / place.name
        if size_of(path) is None:
            raise exceptions.NotFound(f"{self._directory.name} has no data of the image")
        location.store_location.path = str(path)
        return location


class StoreApi:
    """`glance_store` as Glance's controllers use it, for locations outside of the data directory.

    The download of such an image is an error, where Glance would send an empty answer; its deletion
    removes the record only, where Glance would fail.
    """

    def __getattr__(self, name: str) -> Any:
        """Return anything else of `glance_store`."""
        return getattr(glance_store, name)

    def get(self, uri: str, backend: str | None, **options: Any) -> Any:
        """Return an iterable of the content and its size in bytes.

        Raises:
            HTTPNotFound: the data is not in the data directory.
        """
        try:
            return glance_store.get(uri, backend, **options)
        except (exceptions.NotFound, *_NO_LOCATION) as error:
            raise webob.exc.HTTPNotFound(
                "The data of this image is not in the data directory of this server."
            ) from error

    def delete(self, uri: str, backend: str | None, context: Any = None) -> Any:
        """Delete the data.

        Raises:
            NotFound: it is not in the data directory.
        """
        try:
            return glance_store.delete(uri, backend, context=context)
        except _NO_LOCATION as error:
            raise exceptions.NotFound("the data of the image is in no store") from error

    def set_acls_for_multi_store(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: files have no access lists."""


class _Gateway(glance.gateway.Gateway):  # type: ignore[misc] # Glance has no types
    """The gateway of Glance's controllers, always with `StoreApi` and `ReadableLocations`."""

    def __init__(self, db_api: Any = None, _: Any = None, *args: Any, **others: Any) -> None:
        driver = db_api or glance.db.get_api()
        super().__init__(ReadableLocations(driver), StoreApi(), *args, **others)


def open_stores() -> None:
    """Open the stores of Glance's configuration with the driver of this module.

    It is done once in a process, before Glance's application is made.

    Raises:
        BadStoreConfiguration: one of their directories cannot be used.
    """
    # Glance opens its own driver here, too; the stores that are registered last are used.
    glance_store.register_store_opts(cfg.CONF, reserved_stores=wsgi_app.RESERVED_STORES)
    glance_store.create_multi_stores(cfg.CONF, reserved_stores=wsgi_app.RESERVED_STORES)
    ours = {name: _opened(name) for name in (*IMAGE_STORES, *_RESERVED)}
    locations.register_scheme_backend_map(dict.fromkeys(("file", "filesystem"), ours))
    glance_store.verify_store()
    glance.gateway.Gateway = _Gateway
    store_utils.store_api = StoreApi()
    store_utils._get_store_id_from_uri = _store_of  # noqa: SLF001 - it fails where there is no URL


def _opened(name: str) -> dict[str, Any]:
    """Return the entry of a store in glance_store's table of schemes."""
    store = Store(cfg.CONF, backend=name)
    store.configure(re_raise_bsc=True)
    return {"store": store, "location_class": StoreLocation, "store_entry": "file"}


def _store_of(uri: str) -> str | None:
    """Return the store of a location without metadata, or None."""
    place = place_of(uri)
    return place.store if place and place.store in IMAGE_STORES else None


def _is_link(path: Path) -> bool:
    try:
        return stat.S_ISLNK(path.lstat().st_mode)
    except FileNotFoundError:
        return False
