"""The version of this release, which every snapshot names as its writer."""

__version__ = "0.1.0"
