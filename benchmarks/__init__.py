"""Times, measured side by side: `python -m benchmarks`."""
