"""The secrets that rows and logs can contain, and what is shown instead.

A location's URL can contain a user and a password, or a signature in its query, and so can any text
that names a location. The metadata of a location can contain whatever a store needs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from simple_db.model.records import Location, as_dict

if TYPE_CHECKING:
    from simple_db.model.records import Json, Record

MASK = "***"
"""What is shown instead of a secret."""

# The keys of a location's metadata that Glance has a meaning for: which store has the image.
_NAMES_OF_A_STORE = {"backend", "store"}

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# What follows, up to the next space, without the quotes and stops that a sentence puts behind it.
_ADDRESS_IN_TEXT = re.compile(r"(?<=://)\S*[^\s'\"`.,;:!)\]}>]")
_PLAIN_NAME = re.compile(r"[\w.~%\[\]-]*")


def masked_url(url: str) -> str:
    """Return a URL with its credentials masked: user and password, and the values of its query."""
    scheme = _SCHEME.match(url)
    start = scheme.end() if scheme else 0
    return url[:start] + _masked_address(url[start:])


def masked_text(text: str) -> str:
    """Return a text with the credentials of every URL in it masked."""
    return _ADDRESS_IN_TEXT.sub(lambda address: _masked_address(address[0]), text)


def masked_metadata(metadata: Json, key: str = "") -> Json:
    """Return the metadata of a location with every value masked but the name of its store."""
    if isinstance(metadata, dict):
        return {name: masked_metadata(value, name) for name, value in metadata.items()}
    if isinstance(metadata, list):
        return [masked_metadata(value) for value in metadata]
    if metadata is None or (key in _NAMES_OF_A_STORE and isinstance(metadata, str)):
        return metadata
    return MASK


def columns(row: Record, *, reveal: bool = False) -> dict[str, Any]:
    """Return a fresh dict of a row's columns for people to read, masked unless `reveal`."""
    held = as_dict(row)
    return held if reveal else {name: masked(row, name, value) for name, value in held.items()}


def masked(row: Record, column: str, value: Any) -> Any:
    """Return the value of a row's column with what may be secret in it masked."""
    if isinstance(row, Location) and column == "value":
        return masked_url(value)
    if isinstance(row, Location) and column == "meta_data":
        return masked_metadata(value)
    return _masked_texts(value)


def _masked_texts(value: Any) -> Any:
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, dict):
        return {masked_text(key): _masked_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked_texts(item) for item in value]
    return value


def _masked_address(address: str) -> str:
    # A password can have an @ or a slash in it, as the keys of S3 do: where there is a colon,
    # everything up to the last @ may be one, although it may be a port and a path.
    credentials, at, rest = address.rpartition("@")
    if at and (":" in credentials or "/" not in credentials):
        address = f"{MASK}@{rest}"
    place, mark, query = address.partition("?")
    return place + mark + "&".join(map(_masked_parameter, query.split("&")))


def _masked_parameter(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    if not parameter or (equals and _PLAIN_NAME.fullmatch(name)):
        return f"{name}={MASK}" if equals else parameter
    return MASK
