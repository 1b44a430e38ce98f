"""The API reference: what griffe reads from the library's source, as plain Markdown.

`::: strawberry_django.realtime.NAME` alone on a line of a page becomes a heading, the signature
and the docstring (with `::::` a heading one level lower); `::: NAME: MEMBER, MEMBER` chooses the
members of a class, inherited ones too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import griffe

LIBRARY = "strawberry_django.realtime"
_WIDTH = 88


class Reference:
    """The names of the library of one checkout."""

    def __init__(self, root: Path) -> None:
        # It is loaded as a package of its own: `strawberry_django` is another distribution's.
        folder = root / "strawberry_django"
        self.library = griffe.load("realtime", search_paths=[folder], docstring_parser="google")

    def find(self, name: str) -> griffe.Object:
        """Return what a dotted name stands for; a `LookupError` says that there is none."""
        found: griffe.Object | griffe.Alias = self.library
        try:
            for part in name.removeprefix(f"{LIBRARY}.").split("."):
                found = found.all_members[part]
        except (KeyError, griffe.AliasResolutionError):
            raise LookupError(f"the library has no {name}") from None
        return found.final_target if isinstance(found, griffe.Alias) else found

    def markdown(self, name: str, level: int = 2, members: Sequence[str] = ()) -> str:
        """Return the entry of a name and of its members; without a docstring, a `LookupError`."""
        found = self.find(name)
        if not found.docstring:
            raise LookupError(f"{name} has no docstring")
        lines = [f"{'#' * level} `{found.name}`", "", "```python", _signature(found), "```", ""]
        lines += _docstring(found.docstring)
        if isinstance(found, griffe.Class):
            own = [one for one in found.members.values() if one.is_public and not one.is_alias]
            for member in members or [one.name for one in own if one.docstring]:
                lines += ["", self.markdown(f"{name}.{member}", level + 1)]
        return "\n".join(lines)


def _signature(found: griffe.Object) -> str:
    """Write a signature on one line, or each parameter on its own where that is too long."""
    text = f"{found.name}: {getattr(found, 'annotation', '')}"
    if isinstance(found, griffe.Function):
        text = f"{'async ' if 'async' in found.labels else ''}def {found.signature()}"
    elif isinstance(found, griffe.Class):
        text = f"class {found.signature()}"
        if text.endswith((" ", "()")):
            text = f"class {found.name}({', '.join(map(str, found.bases))})".removesuffix("()")
    if len(text) <= _WIDTH:
        return text
    text = re.sub(r", (?=\*|\w+: )", ",\n    ", text)
    return re.sub(r"\((.*)\)", r"(\n    \1,\n)", text, flags=re.DOTALL)


def _docstring(docstring: griffe.Docstring) -> Iterator[str]:
    for section in docstring.parsed:
        if section.kind is griffe.DocstringSectionKind.text:
            yield from (section.value, "")
        else:
            yield from (f"**{section.kind.value.capitalize()}:**", "")
            for one in section.value:
                name = getattr(one, "name", "") or str(one.annotation)
                yield f"- `{name}`: {' '.join(one.description.split())}"
            yield ""
