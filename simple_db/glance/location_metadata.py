"""The metadata of locations in the form that Glance's code expects, whatever a snapshot holds.

That code expects a dict, with the name of a store as ``store``. Anything else becomes a dict
without a store, which Glance treats as an unknown one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_STORE = "store"


class Metadata(dict[str, Any]):
    """Metadata whose ``store`` is text, or None."""

    def __init__(self, stored: object) -> None:
        super().__init__(stored if isinstance(stored, dict) else {})
        if not isinstance(self.get(_STORE), str):
            self.pop(_STORE, None)

    def __missing__(self, key: str) -> None:
        """Return None for a missing store; an item with None would be stored.

        Raises:
            KeyError: another key is missing.
        """
        if key != _STORE:
            raise KeyError(key)


class ReadableLocations:
    """A driver of Glance's database API, with `Metadata` in the images that it returns."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def __getattr__(self, name: str) -> Any:
        """Return anything else of the driver."""
        return getattr(self._driver, name)

    def image_get(self, *args: Any, **kwargs: Any) -> Any:
        """Return an image."""
        return _readable(self._driver.image_get(*args, **kwargs))

    def image_get_all(self, *args: Any, **kwargs: Any) -> Any:
        """Return images."""
        return [_readable(image) for image in self._driver.image_get_all(*args, **kwargs)]


def _readable(image: Mapping[str, Any]) -> Mapping[str, Any]:
    for location in image["locations"]:
        location["metadata"] = Metadata(location["metadata"])
    return image
