"""The API reference: what griffe reads from the library's source, as plain Markdown.

`::: strawberry_django.realtime.NAME` alone on a line of a page becomes a heading, the signature
and the docstring (with `::::` a heading one level lower); `::: NAME: MEMBER, MEMBER` chooses the
members of a class, inherited ones too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import griffe

PACKAGES = ("realtime", "routers")
_WIDTH = 88


class Reference:
    """The names of the library of one checkout."""

    def __init__(self, root: Path) -> None:
        # The packages stand for themselves: `strawberry_django` is another distribution's.
        folder = root / "strawberry_django"
        loader = griffe.GriffeLoader(search_paths=[folder], docstring_parser="google")
        self.packages = {name: loader.load(name) for name in PACKAGES if (folder / name).exists()}
        loader.resolve_aliases(external=False)

    def find(self, name: str) -> griffe.Object:
        """Return what a dotted name stands for.

        Raises:
            LookupError: the library has no such name.
        """
        first, *rest = name.removeprefix("strawberry_django.").split(".")
        found: griffe.Object | griffe.Alias
        try:
            found = self.packages[first]
            for part in rest:
                found = found.all_members[part]
        except (KeyError, griffe.AliasResolutionError):
            raise LookupError(f"the library has no {name}") from None
        return found.final_target if isinstance(found, griffe.Alias) else found

    def markdown(self, name: str, level: int = 2, members: tuple[str, ...] = ()) -> str:
        """Return the entry of a name and of its members.

        Raises:
            LookupError: the library has no such name, or it has no docstring.
        """
        found = self.find(name)
        if not found.docstring:
            raise LookupError(f"{name} has no docstring")
        lines = [f"{'#' * level} `{found.name}`", "", "```python", _signature(found), "```", ""]
        lines += _docstring(found.docstring)
        if isinstance(found, griffe.Class):
            for member in members or _public(found):
                lines += ["", self.markdown(f"{name}.{member}", level + 1)]
        return "\n".join(lines)


def _public(found: griffe.Class) -> Iterator[str]:
    for name, member in found.members.items():
        if not name.startswith("_") and not member.is_alias and member.docstring:
            yield name


def _signature(found: griffe.Object) -> str:
    """Write a signature on one line, or each parameter on its own where that is too long."""
    if isinstance(found, griffe.Function):
        text = f"{'async ' if 'async' in found.labels else ''}def {found.signature()}"
    elif isinstance(found, griffe.Class):
        text = found.signature()
        if not text or text.endswith("()"):
            text = f"{found.name}({', '.join(map(str, found.bases))})".removesuffix("()")
        text = f"class {text}"
    else:
        return f"{found.name}: {getattr(found, 'annotation', '')}"
    if len(text) <= _WIDTH:
        return text
    start, _, rest = text.partition("(")
    inner, _, end = rest.rpartition(")")
    parameters = re.split(r", (?=\*|\w+: )", inner)
    return "\n".join([f"{start}(", *(f"    {one}," for one in parameters), f"){end}"])


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
