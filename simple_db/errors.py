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
here; ``SnapshotError`` and what is below it are our own.
"""


class SimpleDBError(Exception):
    """Any error that simple_db raises on purpose; its message names the thing and the fix."""


class NotFound(SimpleDBError):
    """There is no such member, property, tag or location."""


class ImageNotFound(NotFound):
    """There is no such image, or it is deleted and the caller may not see deleted images."""


class Duplicate(SimpleDBError):
    """The thing exists already, or exists twice where one was meant."""


class Conflict(SimpleDBError):
    """The thing is in another state than the call needs."""


class Forbidden(SimpleDBError):
    """The caller may not see, or may not change, the image."""


class ForbiddenPublicImage(Forbidden):
    """The caller may see the public or community image, and may not change it."""


class Invalid(SimpleDBError):
    """An argument is wrong whatever the database holds."""


class InvalidSortKey(Invalid):
    """A listing is to be sorted by something that is not a column."""


class InvalidSortDir(Invalid):
    """A sort direction is neither ``asc`` nor ``desc``."""


class InvalidParameterValue(Invalid):
    """The value of a filter cannot be read."""


class InvalidFilterRangeValue(Invalid):
    """The value of a ``_min`` or ``_max`` filter is not a number."""


class InvalidFilterOperatorValue(Invalid):
    """A filter is given an operator that it does not have."""


class TaskException(SimpleDBError):
    """Something is wrong with a task."""


class TaskNotFound(TaskException, NotFound):
    """There is no such task, or it is deleted and the caller may not see deleted tasks."""


class MetadefNamespaceNotFound(NotFound):
    """There is no such namespace of metadata definitions."""


class MetadefObjectNotFound(NotFound):
    """The namespace has no such object."""


class MetadefPropertyNotFound(NotFound):
    """The namespace has no such property."""


class MetadefTagNotFound(NotFound):
    """The namespace has no such tag."""


class MetadefResourceTypeNotFound(NotFound):
    """There is no such resource type."""


class MetadefResourceTypeAssociationNotFound(NotFound):
    """The namespace is not associated with the resource type."""


class MetadefDuplicateNamespace(Duplicate):
    """There is a namespace of that name."""


class MetadefDuplicateObject(Duplicate):
    """The namespace has an object of that name."""


class MetadefDuplicateProperty(Duplicate):
    """The namespace has a property of that name."""


class MetadefDuplicateTag(Duplicate):
    """The namespace has a tag of that name."""


class MetadefDuplicateResourceType(Duplicate):
    """There is a resource type of that name."""


class MetadefDuplicateResourceTypeAssociation(Duplicate):
    """The namespace is associated with the resource type already."""


class MetadefForbidden(Forbidden):
    """The caller may not see the namespace."""


class MetadefIntegrityError(Forbidden):
    """Other rows refer to what is to be deleted."""


class ProtectedMetadefResourceTypeSystemDelete(Forbidden):
    """The resource type is protected, and is not deleted."""


class SnapshotError(SimpleDBError):
    """A snapshot, or the file of one, cannot be read or written."""


class SnapshotDamaged(SnapshotError):
    """A snapshot or a journal is not what was written: torn, changed by accident, or edited."""


class SnapshotMismatch(SnapshotError):
    """A snapshot is not the one that its journal is of, or not the one that was opened."""


class SnapshotTooNew(SnapshotError):
    """A snapshot or a journal has a format that a later release of simple_db writes."""


class SnapshotInUse(SnapshotError):
    """Another process, or another opening in this one, has the snapshot file."""
