"""A small checkout with nothing wrong in it, for a test to plant one fault in."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PAGE = """---
title: A page
description: A page of a test.
---

# A page

```python title="myproject/schema.py"
--8<-- "chat/myproject/schema.py:query"
```

```frames title="Frames"
--8<-- "chat/recorded/hello.frames"
```

It has `ping_interval`, {{ option.ping_interval }} seconds, and {{ close_code.TIMEOUT }}.

::: strawberry_django.realtime.disconnect_user
"""

SCHEMA = """import strawberry


# --8<-- [start:query]
def query():
    return 1  # (hl)


# --8<-- [end:query]
"""

FRAMES = '> {"type": "connection_init"}\n< {"type": "connection_ack"}\n'


def checkout(root: Path) -> Path:
    """Write pages, snippets and a copy of the library."""
    files = {
        "docs/index.md": PAGE,
        "snippets/chat/myproject/schema.py": SCHEMA,
        "snippets/chat/recorded/hello.frames": FRAMES,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    without = shutil.ignore_patterns("__pycache__", "static")
    shutil.copytree(ROOT / "strawberry_django", root / "strawberry_django", ignore=without)
    return root


def plant(path: Path, old: str, new: str) -> None:
    """Replace a text that a file has once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path} has {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")
