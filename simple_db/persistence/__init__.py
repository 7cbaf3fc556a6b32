"""Databases as files: snapshots, their journal, and the claim of a process on both."""
