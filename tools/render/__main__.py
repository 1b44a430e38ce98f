"""Render the pages of a checkout: `python -m tools.render [ROOT]`."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.render.pages import Renderer

problems = Renderer(Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()).run()
print("\n".join(map(str, problems)))
sys.exit(bool(problems))
