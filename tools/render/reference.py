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
_SECTIONS = {
    griffe.DocstringSectionKind.parameters: "Parameters",
    griffe.DocstringSectionKind.attributes: "Attributes",
    griffe.DocstringSectionKind.raises: "Raises",
    griffe.DocstringSectionKind.returns: "Returns",
    griffe.DocstringSectionKind.yields: "Yields",
}


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
        first, _, rest = name.removeprefix("strawberry_django.").partition(".")
        found: griffe.Object | griffe.Alias
        try:
            found = self.packages[first]
            for part in filter(None, rest.split(".")):
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
        lines = [f"{'#' * level} `{found.name}`", "", *_signature(found), ""]
        lines += _docstring(found.docstring)
        if isinstance(found, griffe.Class):
            listed = _attributes(found)
            for member in members or _public(found):
                if member not in listed:
                    lines += ["", self.markdown(f"{name}.{member}", level + 1)]
        return "\n".join(lines)


def _public(found: griffe.Class) -> Iterator[str]:
    for name, member in found.members.items():
        if not name.startswith("_") and not member.is_alias and member.docstring:
            yield name


def _attributes(found: griffe.Class) -> set[str]:
    sections = found.docstring.parsed if found.docstring else []
    kind = griffe.DocstringSectionKind.attributes
    return {one.name for section in sections if section.kind is kind for one in section.value}


def _signature(found: griffe.Object) -> list[str]:
    """Write a signature on one line, or each parameter on its own where that is too long."""
    if not isinstance(found, griffe.Class | griffe.Function):
        return ["```python", f"{found.name}: {getattr(found, 'annotation', '')}", "```"]
    start, result = "class ", ""
    if isinstance(found, griffe.Function):
        start = "async def " if "async" in found.labels else "def "
        result = f" -> {found.returns}" if found.returns else ""
        text = found.signature(return_type=False)
    else:
        text = found.signature()
        if not text or text.endswith("()"):
            text = f"{found.name}({', '.join(map(str, found.bases))})".removesuffix("()")
    if len(f"{start}{text}{result}") > _WIDTH:
        name, _, inner = text.removesuffix(")").partition("(")
        text = "\n".join([f"{name}(", *(f"    {one}," for one in _split(inner)), ")"])
    return ["```python", f"{start}{text}{result}", "```"]


def _split(parameters: str) -> list[str]:
    """Split at the commas that are in no brackets."""
    parts, depth = [""], 0
    for character in parameters:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _docstring(docstring: griffe.Docstring) -> Iterator[str]:
    for section in docstring.parsed:
        if section.kind is griffe.DocstringSectionKind.text:
            yield from (_code(section.value), "")
        elif title := _SECTIONS.get(section.kind):
            yield from (f"**{title}:**", "")
            for one in section.value:
                name = getattr(one, "name", "") or str(one.annotation)
                yield f"- `{name}`: {' '.join(one.description.split())}"
            yield ""


def _code(text: str) -> str:
    """Write the double backticks of a docstring as Markdown's single ones."""
    return re.sub(r"``([^`]+)``", r"`\1`", text)
