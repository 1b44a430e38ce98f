"""Values: what pages say of the code (defaults, close codes, versions), taken from the code.

`{{ option.max_message_size }}` in a page becomes the default, `{{ close_code.TIMEOUT }}` the code,
`{{ table.options }}` a table. Imports `records`, `reference` and the checkout's library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import griffe
from packaging.version import Version

from tools.render import records
from tools.render.reference import LIBRARY, Reference


class Values:
    """What there is to say of a checkout; every name that it does not have is a `LookupError`."""

    def __init__(self, root: Path, reference: Reference) -> None:
        self.data = root / "docs" / "data"
        self.reference = reference
        # The checkout's library, and not that of an installed wheel, which may be older.
        import_module("strawberry_django").__path__.insert(0, str(root / "strawberry_django"))
        self.options: dict[str, Any] = dict(import_module(f"{LIBRARY}.conf").DEFAULTS)
        self.codes = import_module(f"{LIBRARY}.protocol").CloseCode
        self.kinds: dict[str, Callable[..., str]] = {
            "option": lambda name: plain(self.options[name], name),
            "close_code": lambda name: str(self.codes[name].value),
            "versions": lambda name: str(
                min(Version(one[name]) for one in self._read("versions")["results"]["sets"])
            ),
            "comparison": lambda *words: records.count(self._read("comparison")["results"], *words),
            "measured": lambda name: records.measured(self._read(name)),
            "plot": lambda name: (self.data / f"{name}.svg").read_text(encoding="utf-8"),
            "table": self._table,
        }

    def get(self, expression: str) -> str:
        """Return what `KIND.NAME` or `KIND.NAME ARGUMENT ...` stands for on a page."""
        kind, _, words = expression.partition(".")
        try:
            return self.kinds[kind](*words.split())
        except (KeyError, FileNotFoundError) as error:
            raise LookupError(f"no value {expression!r}: there is no {error}") from None

    def _read(self, name: str) -> Any:
        return json.loads((self.data / f"{name}.json").read_text(encoding="utf-8"))

    def _table(self, name: str, *arguments: str) -> str:
        own = {"options": self._options, "close-codes": self._codes, "checks": self._checks}
        if name in own:
            return records.table(own[name]())
        return records.table(vars(records)[name](self._read(name)["results"], *arguments))

    def _options(self) -> records.Rows:
        yield "Option", "Default", "Meaning"
        docs = self._docs("conf.RealtimeOptions")
        for name, value in self.options.items():
            kind, meaning = docs[name]
            kind = re.sub(r"Literal\[([^\]]*)\]", lambda found: found[1].replace(",", " |"), kind)
            default = repr(value).replace("datetime.", "")
            anchor = f'<code id="{name.replace("_", "-")}">{name.replace("_", "_<wbr>")}</code>'
            yield f"{anchor}<br>`{kind}`{{ .option-type }}", f"`{default}`", meaning

    def _codes(self) -> records.Rows:
        yield "Code", "Name", "Meaning"
        docs = self._docs("protocol.CloseCode")
        for code in self.codes:
            yield f"`{code.value}`", f"`{code.name}`", docs[code.name][1]

    def _checks(self) -> records.Rows:
        """Yield the checks, with links from a page in a folder of `docs/`."""
        yield "Id", "Reported when", "What to do"
        for fault in import_module(f"{LIBRARY}.checks.catalogue").CATALOGUE:
            shown = f'<code id="{fault.number.lower()}">{fault.id.replace(".", ".<wbr>")}</code>'
            text = "in the guide" if fault.fix.endswith(":") else "In the guide"
            link = f"[{text}](../{fault.docs.replace('/#', '.md#')})"
            yield shown, f"**{fault.title}**<br>{fault.when}", f"{fault.fix} {link}"

    def _docs(self, name: str) -> dict[str, tuple[str, str]]:
        """Return the type and docstring of each attribute of a class."""
        return {
            one.name: (str(one.annotation), " ".join(one.docstring.value.split()))
            for one in self.reference.find(f"{LIBRARY}.{name}").members.values()
            if isinstance(one, griffe.Attribute) and one.docstring
        }


def plain(value: object, name: str) -> str:
    """Write a default as prose says it: sizes in MiB, times in seconds."""
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}"
    if type(value) is int:
        return f"{value / 2**20:g} MiB" if name.endswith(("_size", "_bytes")) else f"{value:,}"
    return f"`{json.dumps(value) if isinstance(value, str) else value}`"
