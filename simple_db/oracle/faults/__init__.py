"""Seeded faults: wrappers around the reference, each of which breaks one clause of the API.

They test the oracle: a fault that it does not find is a weakness of its programs.
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
