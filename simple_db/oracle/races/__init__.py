"""Calls that overlap: lanes of threads, what was seen of them, and whether an order explains it."""
