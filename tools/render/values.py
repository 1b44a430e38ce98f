"""Values: what pages say of the code (defaults, close codes, versions), taken from the code.

`{{ option.max_message_size }}` in a page becomes the default, `{{ close_code.TIMEOUT }}` the code,
`{{ table.options }}` a table. Imports `records`, `reference` and the checkout's library.
"""

from __future__ import annotations

import json
import posixpath
import re
import sys
from collections.abc import Callable, Iterable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import griffe

from tools.render import records
from tools.render.reference import Reference

LIBRARY = "strawberry_django.realtime"


class Values:
    """What there is to say of a checkout; every name that it does not have is a `LookupError`."""

    def __init__(self, root: Path, reference: Reference) -> None:
        self.root = root
        self.reference = reference
        self.folder = root.joinpath(*LIBRARY.split("."))
        package = import_module("strawberry_django")
        # The checkout's, and not that of an installed wheel, which may be older.
        sys.modules["strawberry_django"].__path__ = [str(self.folder.parent), *package.__path__]
        self.options: dict[str, Any] = dict(import_module(f"{LIBRARY}.conf").DEFAULTS)
        self.codes = import_module(f"{LIBRARY}.protocol").CloseCode
        self.catalogue = import_module(f"{LIBRARY}.checks.catalogue")
        self.kinds: dict[str, Callable[[str, str], str]] = {
            "option": lambda name, _: plain(self.options[name], name),
            "close_code": lambda name, _: str(self.codes[name].value),
            "versions": lambda name, _: records.lowest(records.read(root, "versions"), name),
            "comparison": lambda what, _: records.count(records.read(root, "comparison"), what),
            "measured": lambda name, _: records.measured(records.read(root, name)),
            "table": self.table,
        }

    def get(self, expression: str, page: str) -> str:
        """Return what `KIND.NAME` stands for on a page.

        Raises:
            LookupError: there is no such kind or name.
        """
        kind, _, name = expression.partition(".")
        if kind not in self.kinds:
            raise LookupError(f"there is {', '.join(self.kinds)}")
        try:
            return self.kinds[kind](name, page)
        except (KeyError, FileNotFoundError) as error:
            raise LookupError(f"there is no {error}") from None

    def table(self, words: str, page: str) -> str:
        """Return a table: of the code, or of a record."""
        name, *arguments = words.split()
        match name:
            case "options":
                return self._options()
            case "close-codes":
                docs = self._docs("protocol.CloseCode")
                rows = [(f"`{c.value}`", f"`{c.name}`", docs[c.name][1]) for c in self.codes]
                return records.rows_of(("Code", "Name", "Meaning"), rows)
            case "checks":
                return records.rows_of(("Id", "Reported when", "What to do"), self._checks(page))
        return records.table(self.root, name, arguments)

    def _options(self) -> str:
        docs = self._docs("conf.RealtimeOptions")
        rows = []
        for name, value in self.options.items():
            kind, meaning = docs[name]
            kind = re.sub(r"Literal\[([^\]]*)\]", lambda found: found[1].replace(",", " |"), kind)
            default = repr(value).replace("datetime.", "")
            anchor = f'<code id="{name.replace("_", "-")}">{name.replace("_", "_<wbr>")}</code>'
            rows.append((f"{anchor}<br>`{kind}`{{ .option-type }}", f"`{default}`", meaning))
        return records.rows_of(("Option", "Default", "Meaning"), rows)

    def _checks(self, page: str) -> Iterable[tuple[str, ...]]:
        guide = f"{self.catalogue.GUIDE.rstrip('/')}.md"
        target = posixpath.relpath(guide, posixpath.dirname(page))
        for fault in self.catalogue.CATALOGUE:
            anchor = fault.number.lower()
            shown = fault.id.replace(".", ".<wbr>")
            link = f"[In the guide]({target}#{fault.anchor})"
            if fault.fix.endswith(":"):
                link = link.replace("In", "in", 1)
            yield (
                f'<code id="{anchor}">{shown}</code>',
                f"**{fault.title}**<br>{fault.when}",
                f"{fault.fix} {link}",
            )

    def _docs(self, name: str) -> dict[str, tuple[str, str]]:
        """Return the type and docstring of each attribute of a class."""
        members = self.reference.find(f"{LIBRARY}.{name}").members
        found = {}
        for one in members.values():
            if isinstance(one, griffe.Attribute) and one.docstring:
                found[one.name] = (str(one.annotation), " ".join(one.docstring.value.split()))
        return found


def plain(value: object, name: str) -> str:
    """Write a default as prose says it: sizes in KiB or MiB, times in seconds."""
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}"
    if isinstance(value, int) and name.endswith(("_size", "_bytes")):
        unit, power = ("MiB", 2**20) if value >= 2**20 else ("KiB", 2**10)
        return f"{value / power:g} {unit}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,}"
    return f"`{json.dumps(value) if isinstance(value, str) else value}`"
