"""Tags of images."""

from collections.abc import Collection, Iterable

from simple_db.model import values
from simple_db.model.errors import Duplicate, ImageNotFound, NotFound
from simple_db.model.records import Image, Tag, columns_of, soft_deleted
from simple_db.model.shapes import Context
from simple_db.queries.plan import Parents
from simple_db.store import HasStore, Tables

_VALUE = columns_of(Tag)["value"]


def image_tag_set_all(
    db: HasStore, context: Context | None, image_id: str, tags: Iterable[str]
) -> None:
    """Give the image exactly these tags: missing ones are added in order, others are soft-deleted.

    Args:
        image_id: The image; it may be deleted, and need not be visible to the caller.
        tags: Text, in any order; repetitions are ignored, and an empty list removes all tags.

    Raises:
        Invalid: the tags are no list of text, or one to add has a character beyond U+FFFF.
        ImageNotFound: the id is too long for an image's, or there is a tag to add and no such
            image.
        Duplicate: a tag to remove is there twice.
    """
    wanted = _values(tags)
    values.limit_image_id(image_id)
    with db.store.writing() as tables:
        existing = live_tags(tables, image_id)
        add_tags(tables, image_id, [tag for tag in wanted if tag not in existing])
        for tag in existing:
            if tag not in wanted:
                _remove_tag(tables, image_id, tag)


def image_tag_create(db: HasStore, context: Context | None, image_id: str, value: str) -> str:
    """Add a tag to the image, even where it has that tag already; return it.

    Args:
        image_id: The image; it may be deleted, and need not be visible to the caller.
        value: The tag, any text.

    Raises:
        Invalid: the tag is no text, or has a character beyond U+FFFF.
        ImageNotFound: there is no such image.
    """
    tag = _value(value)
    with db.store.writing() as tables:
        return _add_tag(tables, image_id, tag)


def image_tag_delete(db: HasStore, context: Context | None, image_id: str, value: str) -> None:
    """Soft-delete a tag of the image.

    Raises:
        ImageNotFound: the id is too long for an image's.
        NotFound: the image has no such tag.
        Duplicate: it has that tag twice.
    """
    values.limit_image_id(image_id)
    with db.store.writing() as tables:
        _remove_tag(tables, image_id, value)


def image_tag_get_all(db: HasStore, context: Context | None, image_id: str) -> list[str]:
    """Return a fresh list of the image's tags in the order in which they were added.

    The image need not be visible to the caller. One that does not exist has no tags.

    Raises:
        ImageNotFound: the id is too long for an image's.
    """
    values.limit_image_id(image_id)
    with db.store.reading() as tables:
        return live_tags(tables, image_id)


def live_tags(tables: Tables, image_id: str) -> list[str]:
    """Return the tags of the image that are not deleted, in the order of their ids."""
    return [row.value for row in tables.tags.where(image_id=image_id) if not row.deleted]


def images_with(tables: Tables, tag: str) -> Collection[Image]:
    """Return the images that have the tag, deleted or not."""
    return Parents(tables.images.rows, tables.tags.having(value=tag), "image_id")


def add_tags(tables: Tables, image_id: str, tags: Iterable[str]) -> None:
    """Add tags to the image in order, each once.

    Raises:
        Invalid: they are no list of text, or one has a character beyond U+FFFF.
        ImageNotFound: there is no such image.
    """
    for tag in dict.fromkeys(_values(tags)):
        _add_tag(tables, image_id, tag)


def _values(tags: Iterable[str]) -> list[str]:
    return [_value(tag) for tag in values.sequence(tags, "tags")]


def _value(tag: object) -> str:
    text: str = values.stored(_VALUE, tag)
    return text


def _add_tag(tables: Tables, image_id: str, value: str) -> str:
    values.refuse_beyond_basic_plane(image_id, value)
    image = tables.images.get(image_id)
    if image is None:
        raise ImageNotFound(
            f"No image found with ID {values.worded(image_id)}, to be tagged {value!r}"
        )
    now = tables.now
    row = Tag(
        id=tables.tags.new_id(), image_id=image.id, value=value, created_at=now, updated_at=now
    )
    return tables.tags.put(row).value


def _remove_tag(tables: Tables, image_id: str, value: str) -> None:
    rows = [
        row
        for row in tables.tags.where(image_id=image_id)
        if row.value == value and not row.deleted
    ]
    if not rows:
        raise NotFound(f"Image {values.worded(image_id)} has no tag {values.shown(value)}")
    if len(rows) > 1:
        raise Duplicate(
            f"Image {values.worded(image_id)} has the tag {values.shown(value)} {len(rows)} times"
        )
    tables.tags.put(soft_deleted(rows[0], tables.now))
