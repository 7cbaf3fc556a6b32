"""Metadata definitions: what images, volumes and other resources may be described with.

A namespace holds objects, properties and tags, and is associated with the types of resources that
they are for. Who sees a namespace sees all that is in it, and may change it.
"""
