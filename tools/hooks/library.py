"""The reference: our library under its own name, and tables made of its source.

mkdocstrings reads the library from ``.cache/reference``: a copy that stands alone, for
``strawberry_django`` itself is another package's, and that one would be found first.
``<!-- options-table -->``, ``<!-- checks-table -->`` and ``<!-- close-codes-table -->`` alone on
a line of a page become those tables.
May import tools.source only.
"""

from __future__ import annotations

import ast
import posixpath
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority

from tools.source import Source, SourceError, text_of, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

BEFORE_MKDOCSTRINGS = 100
STAGED = Path(".cache", "reference")
PACKAGES = ("realtime", "routers")
_PLACE = re.compile(r"^<!-- (?P<name>[\w-]+)-table -->$", re.MULTILINE)


@event_priority(BEFORE_MKDOCSTRINGS)
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Stage the library: mkdocstrings ignores folders that do not exist yet."""
    stage(Path(config.config_file_path or "mkdocs.yml").parent)
    return config


def on_pre_build(config: MkDocsConfig) -> None:
    """Stage the library again for each rebuild."""
    on_config(config)


def stage(root: Path) -> None:
    """Copy the library's packages under an empty ``strawberry_django`` of their own."""
    target = root / STAGED / "strawberry_django"
    for name in PACKAGES:
        source = root / "strawberry_django" / name
        wanted = {path.relative_to(source): path for path in source.rglob("*.py")}
        for old in (target / name).rglob("*.py"):
            if old.relative_to(target / name) not in wanted:
                old.unlink()
        for relative, path in wanted.items():
            copy = target / name / relative
            if not copy.exists() or copy.read_bytes() != path.read_bytes():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
    (target / "__init__.py").touch()


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, **_: object) -> str:
    """Put the tables in their places."""
    root = Path(config.config_file_path or "mkdocs.yml").parent / "strawberry_django" / "realtime"

    def put(found: re.Match[str]) -> str:
        make = TABLES.get(found["name"])
        if make is None:
            known = ", ".join(TABLES)
            raise PluginError(f"{page.file.src_uri}: no table {found['name']!r}; there are {known}")
        try:
            return make(root, page.file.src_uri)
        except (SourceError, OSError) as error:
            raise PluginError(
                f"{page.file.src_uri}: the table {found['name']!r}: {error}"
            ) from error

    return _PLACE.sub(put, markdown)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _code(text: str) -> str:
    return f"`{text}`"


def _breakable(name: str, anchor: str) -> str:
    """Write a long name with an anchor, so that it can break: at dots, or else underscores."""
    at = "." if "." in name else "_"
    shown = name.replace(at, f"{at}<wbr>")
    return f'<code id="{anchor}">{shown}</code>'


def _prose(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def options_table(root: Path, _page: str) -> str:
    """Every option with its type, its default and what it means."""
    source = Source(root / "conf.py")
    call = source.constant("DEFAULTS")
    given = {}
    if isinstance(call, ast.Call):
        given = {key.arg: written(source.resolved(key.value)) for key in call.keywords}
    rows = []
    for option in source.fields("RealtimeOptions"):
        if option.name not in given:
            raise SourceError(f"DEFAULTS has no {option.name}")
        if not option.doc:
            raise SourceError(f"the option {option.name} has no docstring")
        anchor = option.name.replace("_", "-")
        kind = f"{_code(_alternatives(option.annotation))}{{ .option-type }}"
        name = f"{_breakable(option.name, anchor)}<br>{kind}"
        rows.append((name, _code(given[option.name]), _prose(option.doc)))
    return _table(("Option", "Default", "Meaning"), rows)


def _alternatives(annotation: str) -> str:
    return re.sub(r"Literal\[([^\]]*)\]", lambda found: found[1].replace(",", " |"), annotation)


def checks_table(root: Path, page: str) -> str:
    """Every system check, what it reports and which heading of the guide explains it."""
    source = Source(root / "checks" / "catalogue.py")
    label = text_of(source.resolved(source.constant("APP_LABEL")))
    guide = text_of(source.resolved(source.constant("GUIDE"))) or ""
    faults = source.constant("CATALOGUE")
    rows = []
    for fault in ast.walk(faults):
        if not isinstance(fault, ast.Call):
            continue
        values = [text_of(source.resolved(one)) or "" for one in fault.args]
        if len(values) != 6 or not all(values):
            raise SourceError(f"line {fault.lineno} is no Fault of six strings")
        number, title, when, fix, _, anchor = values
        guide_link = "in the guide" if fix.endswith(":") else "In the guide"
        target = posixpath.relpath(f"{guide.rstrip('/')}.md", posixpath.dirname(page) or ".")
        rows.append(
            (
                _breakable(f"{label}.{number}", number.lower()),
                f"**{_prose(title)}**<br>{_prose(when)}",
                f"{_prose(fix)} [{guide_link}]({target}#{anchor})",
            )
        )
    return _table(("Id", "Reported when", "What to do"), rows)


def close_codes_table(root: Path, _page: str) -> str:
    """Every close code that the server uses."""
    source = Source(root / "protocol.py")
    rows = []
    for code in source.fields("CloseCode"):
        if not code.doc:
            raise SourceError(f"the close code {code.name} has no docstring")
        rows.append((_code(code.annotation), _code(code.name), _prose(code.doc)))
    return _table(("Code", "Name", "Meaning"), rows)


TABLES: dict[str, Callable[[Path, str], str]] = {
    "options": options_table,
    "checks": checks_table,
    "close-codes": close_codes_table,
}
