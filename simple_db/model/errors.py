"""The exceptions of simple_db, named as in Glance.

::

    SimpleDBError
    ├── NotFound                          no such member, property, tag or location
    │   ├── ImageNotFound                 no such image, or a deleted one that is not shown
    │   ├── MetadefNamespaceNotFound      no such namespace of metadata definitions
    │   ├── MetadefObjectNotFound         ... and nothing of that name, or id, in it
    │   ├── MetadefPropertyNotFound
    │   ├── MetadefTagNotFound
    │   ├── MetadefResourceTypeNotFound
    │   └── MetadefResourceTypeAssociationNotFound
    ├── Duplicate                         it exists already, or exists twice
    │   ├── MetadefDuplicateNamespace
    │   ├── MetadefDuplicateObject
    │   ├── MetadefDuplicateProperty
    │   ├── MetadefDuplicateTag
    │   ├── MetadefDuplicateResourceType
    │   └── MetadefDuplicateResourceTypeAssociation
    ├── Conflict                          it is in another state than the call needs
    ├── Forbidden                         the caller may not see or change it
    │   ├── ForbiddenPublicImage          ... change a public or community image
    │   ├── MetadefForbidden              ... see the namespace
    │   ├── MetadefIntegrityError         other rows refer to it
    │   └── ProtectedMetadefResourceTypeSystemDelete
    ├── Invalid                           an argument that no database state makes right
    │   ├── InvalidSortKey
    │   ├── InvalidSortDir
    │   ├── InvalidParameterValue         a filter whose value cannot be read
    │   ├── InvalidFilterRangeValue       a ``_min`` or ``_max`` filter that is not a number
    │   └── InvalidFilterOperatorValue    an operator that this filter does not have
    ├── TaskException                     something is wrong with a task
    │   └── TaskNotFound                  no such task, and a NotFound too
    └── SnapshotError                     a snapshot, or its file, cannot be read or written
        ├── SnapshotDamaged               ... it is not what was written: torn, flipped, edited
        ├── SnapshotMismatch              ... it is not that of its journal, or was replaced
        ├── SnapshotTooNew                ... its format is of a later release
        └── SnapshotInUse                 ... another process has it open

A class that Glance has too (``glance.common.exception``) has the same name and the same parent
here, and is made as Glance's is: with a text, or with the facts that its own text names, as in
``ImageNotFound(image_id="1")``. ``SnapshotError`` and what is below it are our own.
"""

import re

_FACT = re.compile(r"%\((\w+)\)[a-z]")


class SimpleDBError(Exception):
    """Any error that simple_db raises on purpose; its message names the thing and the fix.

    Args:
        message: What `str` returns; with facts, a format for them, as in ``"no %(image_id)s"``.
            Without one it is the text of the class.
        facts: What goes into the message, each under the name that stands there.

    Attributes:
        message: The text of the class.
        msg: What `str` returns, as Glance's exceptions have it.

    Raises:
        TypeError: the message names other facts than the given ones.
    """

    message = "simple_db cannot do what it was asked for"

    def __init__(self, message: object = None, **facts: object) -> None:
        text = message or self.message
        if facts:
            text = self._with(str(text), facts)
        elif not message:
            text = _FACT.sub(r"<\1>", self.message)
        self.msg = text
        super().__init__(text)

    @classmethod
    def _with(cls, text: str, facts: dict[str, object]) -> str:
        named = list(dict.fromkeys(_FACT.findall(text)))
        if set(named) != facts.keys():
            raise TypeError(
                f"{cls.__name__}, whose text is {text!r}, takes {', '.join(named) or 'no names'}; "
                f"it was given {', '.join(facts)}"
            )
        return text % facts


class NotFound(SimpleDBError):
    """There is no such member, property, tag or location."""

    message = "It was not found"


class ImageNotFound(NotFound):
    """There is no such image, or it is deleted and the caller may not see deleted images."""

    message = "No image found with ID %(image_id)s"


class Duplicate(SimpleDBError):
    """The thing exists already, or exists twice where one was meant."""

    message = "It exists already"


class Conflict(SimpleDBError):
    """The thing is in another state than the call needs."""

    message = "It is in another state than the call needs"


class Forbidden(SimpleDBError):
    """The caller may not see, or may not change, the image."""

    message = "The caller may not %(action)s"


class ForbiddenPublicImage(Forbidden):
    """The caller may see the public or community image, and may not change it."""

    message = "The caller may not change this public or community image"


class Invalid(SimpleDBError):
    """An argument is wrong whatever the database holds."""

    message = "An argument is wrong"


class InvalidSortKey(Invalid):
    """A listing is to be sorted by something that is not a column."""

    message = "A sort key is no column"


class InvalidSortDir(Invalid):
    """A sort direction is neither ``asc`` nor ``desc``."""

    message = "A sort direction is neither asc nor desc"


class InvalidParameterValue(Invalid):
    """The value of a filter cannot be read."""

    message = "The value %(value)s of the filter %(param)s is wrong: %(extra_msg)s"


class InvalidFilterRangeValue(Invalid):
    """The value of a ``_min`` or ``_max`` filter is not a number."""

    message = "The range of a filter is no number"


class InvalidFilterOperatorValue(Invalid):
    """A filter is given an operator that it does not have."""

    message = "A filter does not have this operator"


class TaskException(SimpleDBError):
    """Something is wrong with a task."""

    message = "Something is wrong with a task"


class TaskNotFound(TaskException, NotFound):
    """There is no such task, or it is deleted and the caller may not see deleted tasks."""

    message = "No task found with ID %(task_id)s"


class MetadefNamespaceNotFound(NotFound):
    """There is no such namespace of metadata definitions."""

    message = "Metadata definition namespace=%(namespace_name)s was not found"


class MetadefObjectNotFound(NotFound):
    """The namespace has no such object."""

    message = (
        "No metadata definition object with name=%(object_name)s was found in "
        "namespace=%(namespace_name)s"
    )


class MetadefPropertyNotFound(NotFound):
    """The namespace has no such property."""

    message = (
        "No metadata definition property with name=%(property_name)s was found in "
        "namespace=%(namespace_name)s"
    )


class MetadefTagNotFound(NotFound):
    """The namespace has no such tag."""

    message = (
        "No metadata definition tag with name=%(name)s was found in namespace=%(namespace_name)s"
    )


class MetadefResourceTypeNotFound(NotFound):
    """There is no such resource type."""

    message = "No metadata definition resource-type with name=%(resource_type_name)s was found"


class MetadefResourceTypeAssociationNotFound(NotFound):
    """The namespace is not associated with the resource type."""

    message = (
        "Metadata definition resource-type=%(resource_type_name)s is not associated with "
        "namespace=%(namespace_name)s"
    )


class MetadefDuplicateNamespace(Duplicate):
    """There is a namespace of that name."""

    message = "The metadata definition namespace=%(namespace_name)s exists already"


class MetadefDuplicateObject(Duplicate):
    """The namespace has an object of that name."""

    message = (
        "A metadata definition object with name=%(object_name)s exists already in "
        "namespace=%(namespace_name)s"
    )


class MetadefDuplicateProperty(Duplicate):
    """The namespace has a property of that name."""

    message = (
        "A metadata definition property with name=%(property_name)s exists already in "
        "namespace=%(namespace_name)s"
    )


class MetadefDuplicateTag(Duplicate):
    """The namespace has a tag of that name."""

    message = (
        "A metadata definition tag with name=%(name)s exists already in "
        "namespace=%(namespace_name)s"
    )


class MetadefDuplicateResourceType(Duplicate):
    """There is a resource type of that name."""

    message = "A metadata definition resource-type with name=%(resource_type_name)s exists already"


class MetadefDuplicateResourceTypeAssociation(Duplicate):
    """The namespace is associated with the resource type already."""

    message = (
        "Metadata definition resource-type=%(resource_type_name)s is associated with "
        "namespace=%(namespace_name)s already"
    )


class MetadefForbidden(Forbidden):
    """The caller may not see the namespace."""

    message = "The caller may not see this namespace of metadata definitions"


class MetadefIntegrityError(Forbidden):
    """Other rows refer to what is to be deleted."""

    message = (
        "The metadata definition %(record_type)s with name=%(record_name)s is not deleted: other "
        "rows refer to it"
    )


class ProtectedMetadefResourceTypeSystemDelete(Forbidden):
    """The resource type is protected, and is not deleted."""

    message = (
        "The metadata definition resource-type %(resource_type_name)s is protected, and is not "
        "deleted"
    )


class SnapshotError(SimpleDBError):
    """A snapshot, or the file of one, cannot be read or written."""

    message = "A snapshot cannot be read or written"


class SnapshotDamaged(SnapshotError):
    """A snapshot or a journal is not what was written: torn, changed by accident, or edited."""

    message = "A snapshot is damaged"


class SnapshotMismatch(SnapshotError):
    """A snapshot is not the one that its journal is of, or not the one that was opened."""

    message = "A snapshot is not the one that was expected"


class SnapshotTooNew(SnapshotError):
    """A snapshot or a journal has a format that a later release of simple_db writes."""

    message = "A snapshot has the format of a later release"


class SnapshotInUse(SnapshotError):
    """Another process, or another opening in this one, has the snapshot file."""

    message = "A snapshot is in use"
