"""Enter live mode as a subprocess of the harness starts (see `tools/harness/live.py`)."""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).parents[1] / "live.py"))["enter"]()
