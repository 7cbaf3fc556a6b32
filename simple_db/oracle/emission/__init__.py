"""Divergences and races as test files, which need only pytest and the target."""
