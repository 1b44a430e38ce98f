"""Figures that can be added up. Imports the standard library only."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass
class Summed:
    """Numbers and lists, as the fields of a dataclass."""

    def add(self, other: Summed) -> None:
        """Count another's as well: numbers are added, lists joined."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
