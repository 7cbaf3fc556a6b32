"""The command ``python -m tests.conformance``: see `tests.conformance.command`."""

import importlib
import sys
import warnings

# Before anything of Glance's is imported: oslo's libraries warn when they are.
warnings.simplefilter("ignore")
sys.exit(importlib.import_module("tests.conformance.command").main())
