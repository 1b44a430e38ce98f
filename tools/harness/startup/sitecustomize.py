"""What a subprocess of the harness does before anything else (see `tools/harness/live.py`)."""

import ctypes.util
import os
import runpy
import sys
from pathlib import Path
from types import ModuleType

if "HARNESS_SHIPPED" not in os.environ:
    runpy.run_path(str(Path(__file__).parents[1] / "live.py"))["enter"]()

if "HARNESS_WITHOUT_DAPHNE" in os.environ:
    # Daphne's app imports its server, and with it Twisted, in a process that another server runs:
    # a third of the processor's time that such a process takes to start.
    sys.modules["daphne.server"] = ModuleType("daphne.server")

# `strawberry_django` imports GeoDjango, which asks for GDAL by thirty names, each with a process.
_find_library = ctypes.util.find_library
ctypes.util.find_library = lambda name: None if "gdal" in name.lower() else _find_library(name)
