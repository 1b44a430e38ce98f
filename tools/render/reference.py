"""The API reference: what griffe reads from the library's source, as plain Markdown.

`::: strawberry_django.realtime.NAME` alone on a line of a page becomes a heading, the signature
and the docstring; `::: NAME: MEMBER, MEMBER` chooses the members of a class, inherited ones too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe

PACKAGES = ("realtime", "routers")
_WIDTH = 88
_STARS: dict[Any, str] = {
    griffe.ParameterKind.var_positional: "*",
    griffe.ParameterKind.var_keyword: "**",
}
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
    """Write a signature on one line, or with each parameter on its own where that is too long."""
    result = ""
    if isinstance(found, griffe.Attribute):
        text = f"{found.name}: {found.annotation}" if found.annotation else found.name
        return ["```python", text, "```"]
    if isinstance(found, griffe.Class):
        parameters = list(found.parameters)[1:]
        start = f"class {found.name}"
        if not parameters:
            bases = ", ".join(str(base) for base in found.bases)
            return ["```python", f"{start}({bases})" if bases else start, "```"]
    else:
        assert isinstance(found, griffe.Function)
        parameters = list(found.parameters)
        if parameters and parameters[0].name in ("self", "cls"):
            parameters.pop(0)
        start = f"{'async ' if 'async' in found.labels else ''}def {found.name}"
        result = f" -> {found.returns}" if found.returns else ""
    written = list(_parameters(parameters))
    line = f"{start}({', '.join(written)}){result}"
    if len(line) > _WIDTH:
        line = "\n".join([f"{start}(", *(f"    {one}," for one in written), f"){result}"])
    if "property" in found.labels:
        line = f"{found.name}: {getattr(found, 'returns', '')}"
    return ["```python", line, "```"]


def _parameters(parameters: list[griffe.Parameter]) -> Iterator[str]:
    starred = False
    for one in parameters:
        stars = _STARS.get(one.kind, "")
        if one.kind is griffe.ParameterKind.keyword_only and not starred:
            yield "*"
        starred = starred or stars == "*" or one.kind is griffe.ParameterKind.keyword_only
        text = f"{stars}{one.name}"
        if one.annotation is not None:
            text += f": {one.annotation}"
        if one.default is not None and not stars:
            text += f"{' = ' if one.annotation is not None else '='}{one.default}"
        yield text


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
