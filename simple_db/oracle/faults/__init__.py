"""Seeded faults: wrappers round the reference, each of which breaks one clause of the API.

The oracle is tested on them. A fault that it does not find is a blind spot.
"""

from simple_db.oracle.faults import (
    cached_images,
    images,
    listings,
    locations,
    members,
    metadefs,
    properties,
    quotas,
    tags,
    tasks,
)
from simple_db.oracle.faults.breaking import Fault, FaultyDatabase

__all__ = ["FAULTS", "Fault", "FaultyDatabase"]

FAULTS: tuple[Fault, ...] = tuple(
    fault
    for subject in (
        images,
        listings,
        members,
        tags,
        locations,
        properties,
        quotas,
        tasks,
        metadefs,
        cached_images,
    )
    for fault in vars(subject).values()
    if isinstance(fault, Fault)
)
"""All faults, by subject."""
