import typing
from typing import Any

import attrs
import pytest

from simple_db import RequestContext
from simple_db.model.records import (
    Association,
    CachedImage,
    Image,
    Member,
    MetadefObject,
    MetadefProperty,
    MetadefTag,
    Namespace,
    NodeReference,
    Property,
    Record,
    ResourceType,
    Task,
    columns_of,
)
from simple_db.model.shapes import (
    AnyImageDict,
    AssociationDict,
    CachedImageDict,
    Context,
    ListedTaskDict,
    MemberDict,
    MetadefObjectDict,
    MetadefPropertyDict,
    MetadefTagDict,
    NamespaceDict,
    NodeReferenceDict,
    PropertyDict,
    ResourceTypeDict,
    Visibility,
)
from tests.support.build import a_database, an_image


def test_a_context_is_an_ordinary_caller_without_project_by_default() -> None:
    context = RequestContext()

    assert (context.owner, context.is_admin, context.can_see_deleted) == (None, False, False)


@pytest.mark.parametrize("is_admin", [True, False])
def test_seeing_deleted_images_follows_being_an_administrator_unless_it_is_given(
    is_admin: bool,
) -> None:
    assert RequestContext(is_admin=is_admin).can_see_deleted is is_admin
    for sees in (True, False):
        assert RequestContext(is_admin=is_admin, can_see_deleted=sees).can_see_deleted is sees


def test_contexts_of_the_same_three_are_equal() -> None:
    assert RequestContext(owner="alice") == RequestContext(owner="alice")
    assert RequestContext(owner="alice") != RequestContext(owner="bob")


def test_a_context_never_changes() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        RequestContext().owner = "alice"  # type: ignore[misc]


def test_a_context_is_made_by_names_only() -> None:
    positional: Any = RequestContext
    with pytest.raises(TypeError):
        positional("alice")


def test_anything_with_the_three_attributes_is_a_context() -> None:
    class Ours:
        is_admin = False
        owner = "alice"
        can_see_deleted = False

    context: Context = Ours()
    db = a_database()
    an_image(db)

    assert len(db.image_get_all(context)) == 1


# Each shape, and the record whose columns it tells.
COLUMNS_TOLD: dict[Any, type[Record]] = {
    AnyImageDict: Image,
    PropertyDict: Property,
    MemberDict: Member,
    ListedTaskDict: Task,
    NodeReferenceDict: NodeReference,
    CachedImageDict: CachedImage,
    NamespaceDict: Namespace,
    MetadefObjectDict: MetadefObject,
    MetadefPropertyDict: MetadefProperty,
    MetadefTagDict: MetadefTag,
    ResourceTypeDict: ResourceType,
    AssociationDict: Association,
}


@pytest.mark.parametrize("shape", COLUMNS_TOLD, ids=lambda shape: shape.__name__)
def test_a_column_has_in_its_shape_the_type_that_it_has_in_its_record(shape: Any) -> None:
    stored = typing.get_type_hints(COLUMNS_TOLD[shape])
    told = typing.get_type_hints(shape)
    differing = {key for key in told.keys() & stored.keys() if told[key] != stored[key]}

    assert len(told.keys() & stored.keys()) > 1
    assert differing == ({"last_accessed", "last_modified"} if shape is CachedImageDict else set())


def test_a_visibility_is_one_of_those_that_the_column_takes() -> None:
    choices = columns_of(Image)["visibility"].type.choices

    assert set(typing.get_args(Visibility)) == set(choices)
