"""A divergence as a test file that needs pytest and the target only."""
