"""Enter live mode as a subprocess of the harness starts (see `tools/harness/live.py`)."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_spec = spec_from_file_location("_live", Path(__file__).parents[1] / "live.py")
assert _spec is not None
assert _spec.loader is not None
_live = module_from_spec(_spec)
_spec.loader.exec_module(_live)
_live.enter()
