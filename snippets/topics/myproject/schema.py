"""The schema of the project: that of its only app."""

from __future__ import annotations

from games.schema import schema

__all__ = ["schema"]
