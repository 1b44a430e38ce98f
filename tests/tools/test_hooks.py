from __future__ import annotations

import logging
from pathlib import Path

import pytest
from markdown import Markdown
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File
from mkdocs.structure.pages import Page

from tools.hooks import blocks, library, site
from tools.source import Source, SourceError

ROOT = Path(__file__).resolve().parents[2]
SNIPPET = """\
import os
# --8<-- [start:shown]
first = 1
second = 2  # (hl)
# --8<-- [start:inner]
third = 3
# --8<-- [end:inner]
# (hl-start)
fourth = 4
fifth = 5
# (hl-end)
# --8<-- [end:shown]
"""


def new_config(root: Path) -> MkDocsConfig:
    config = MkDocsConfig(config_file_path=str(root / "mkdocs.yml"))
    assert isinstance(config, MkDocsConfig)
    return config


@pytest.fixture
def render(tmp_path: Path) -> Markdown:
    snippets = tmp_path / "subject"
    snippets.mkdir()
    (snippets / "schema.py").write_text(SNIPPET)
    (snippets / "room.html").write_text("<p>\n<b>x</b>  <!-- (hl) -->\n</p>\n")
    (snippets / "chat.js").write_text("let a;\nlet b;  // (hl)\n")
    (snippets / "me.frames").write_text('> {"type": "ping"}\n< closed <4408>\nnote\n')
    (snippets / "answer.http").write_text("HTTP/1.1 200 OK\n\n{}\n")
    (tmp_path / "docs").mkdir()
    config = new_config(tmp_path)
    config.load_dict(
        {
            "site_name": "Test",
            "markdown_extensions": [
                "attr_list",
                {"pymdownx.highlight": {"pygments_lang_class": True}},
                {"pymdownx.snippets": {"base_path": [str(tmp_path)], "dedent_subsections": True}},
                "pymdownx.superfences",
                {"pymdownx.tabbed": {"alternate_style": True}},
            ],
        }
    )
    assert config.validate() == ([], [])
    blocks.on_config(config)
    return Markdown(extensions=config.markdown_extensions, extension_configs=config.mdx_configs)


def block(include: str, header: str = "python") -> str:
    return f'```{header}\n--8<-- "{include}"\n```\n'


def test_marked_lines_are_highlighted_and_markers_vanish(render: Markdown) -> None:
    html = render.convert(block("subject/schema.py:shown"))
    highlighted = [part.split("</span>\n")[0] for part in html.split('<span class="hll">')[1:]]
    assert [part.split('"n">')[1].split("<")[0] for part in highlighted] == [
        "second",
        "fourth",
        "fifth",
    ]
    for marker in ("(hl", "8&lt;", "start:", "end:", "#"):
        assert marker not in html


@pytest.mark.parametrize("name", ["room.html", "chat.js"])
def test_markers_are_comments_of_any_language(render: Markdown, name: str) -> None:
    html = render.convert(block(f"subject/{name}", header="html"))
    assert html.count('class="hll"') == 1
    assert "(hl)" not in html


@pytest.mark.parametrize(
    "header",
    ['python title="schema.py"', '{ .python title="schema.py" }', '{.python title="schema.py"}'],
)
def test_a_block_names_its_snippet_and_keeps_its_title(render: Markdown, header: str) -> None:
    html = render.convert(block("subject/schema.py:shown", header))
    assert 'data-snippet="subject/schema.py:shown"' in html
    assert '<span class="filename">schema.py</span>' in html
    assert 'class="language-python highlight"' in html


def test_blocks_in_tabs_are_treated_alike(render: Markdown) -> None:
    inside = "".join(f"    {line}\n" for line in block("subject/schema.py:shown").splitlines())
    html = render.convert(f'=== "Tab"\n\n{inside}')
    assert 'data-snippet="subject/schema.py:shown"' in html
    assert html.count('class="hll"') == 3


def test_a_block_without_a_language_is_text(render: Markdown) -> None:
    assert 'class="language-text highlight"' in render.convert("```\nplain\n```\n")


def test_frames_show_who_sends_and_copy_without_it(render: Markdown) -> None:
    html = render.convert(block("subject/me.frames", 'text title="Frames"'))
    assert '<div class="language-frames frames highlight" data-snippet="subject/me.frames">' in html
    assert '<span class="filename">Frames</span>' in html
    assert '<span class="frame frame--client" title="Client sends"><span class="p">{' in html
    assert '<span class="frame frame--server" title="Server sends">closed &lt;4408&gt;\n' in html
    assert '<span class="frame">note\n</span>' in html
    assert "&gt; " not in html


def test_an_http_exchange_gets_its_language(render: Markdown) -> None:
    assert "language-http" in render.convert(block("subject/answer.http", "text"))


def test_indented_code_is_a_warning(render: Markdown, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "mkdocs"):
        render.convert("A page.\n\n    import os\n")
    assert "indented code 'import os'; make it a fenced block" in caplog.text


def test_a_fenced_block_in_a_list_is_no_indented_code(
    render: Markdown, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "mkdocs"):
        render.convert('- item\n\n    ```python\n    --8<-- "subject/schema.py:shown"\n    ```\n')
    assert caplog.text == ""


# The reference's tables

CONF = """\
from .protocol import NAME
from strawberry.subscriptions import GRAPHQL_WS_PROTOCOL as LEGACY

class RealtimeOptions(TypedDict, total=False):
    graphql_ide: Literal["auto", "graphiql"] | None
    \"\"\"The explorer | a page.\"\"\"
    protocols: Sequence[str]
    \"\"\"What is spoken.\"\"\"

DEFAULTS = RealtimeOptions(graphql_ide="auto", protocols=(NAME, LEGACY, "x"))
"""
PROTOCOL = """\
NAME: str = "graphql-transport-ws"

class CloseCode(IntEnum):
    BAD_MESSAGE = 4400
    \"\"\"A message was malformed.\"\"\"
    TIMEOUT = 4408
    \"\"\"Nothing came in time.\"\"\"
"""
CATALOGUE = """\
APP_LABEL = "strawberry_django_realtime"
GUIDE = "integrations/channels/"
_ASGI = "asgi_routing/myproject/asgi.py#asgi"
CATALOGUE = (
    Fault("E001", "It is missing", "It | is not set.", "Set it:", _ASGI, "set-it"),
    Fault("W002", "It is odd", "It is.", "Mend it.", _ASGI, "mend-it"),
)
"""


@pytest.fixture
def config(tmp_path: Path) -> MkDocsConfig:
    for name, text in {
        "routers/__init__.py": "",
        "realtime/conf.py": CONF,
        "realtime/protocol.py": PROTOCOL,
        "realtime/checks/catalogue.py": CATALOGUE,
    }.items():
        path = tmp_path / "strawberry_django" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return new_config(tmp_path)


def rendered(config: MkDocsConfig, markdown: str, name: str = "reference/page.md") -> str:
    config.load_dict({"site_name": "Test"})
    file = File(name, "docs", "site", use_directory_urls=True)
    page = Page(None, file, config)
    return library.on_page_markdown(markdown, page=page, config=config, files=None)


def test_the_options_come_from_the_source(config: MkDocsConfig) -> None:
    assert rendered(config, "Above.\n\n<!-- options-table -->\n").splitlines()[2:] == [
        "| Option | Default | Meaning |",
        "| --- | --- | --- |",
        (
            '| <code id="graphql-ide">graphql_<wbr>ide</code><br>'
            '`"auto" | "graphiql" | None`{ .option-type } | `"auto"` | The explorer \\| a page. |'
        ),
        (
            '| <code id="protocols">protocols</code><br>`Sequence[str]`{ .option-type } '
            '| `("graphql-transport-ws", "graphql-ws", "x")` | What is spoken. |'
        ),
    ]


def test_the_checks_come_from_the_source_and_link_to_the_guide(config: MkDocsConfig) -> None:
    lines = rendered(config, "<!-- checks-table -->").splitlines()
    assert lines[2] == (
        '| <code id="e001">strawberry_django_realtime.<wbr>E001</code> '
        "| **It is missing**<br>It \\| is not set. "
        "| Set it: [in the guide](../integrations/channels.md#set-it) |"
    )
    assert "[In the guide](channels.md#mend-it)" in rendered(
        config, "<!-- checks-table -->", "integrations/page.md"
    )


def test_the_close_codes_come_from_the_source(config: MkDocsConfig) -> None:
    assert rendered(config, "<!-- close-codes-table -->").splitlines()[2:] == [
        "| `4400` | `BAD_MESSAGE` | A message was malformed. |",
        "| `4408` | `TIMEOUT` | Nothing came in time. |",
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "table", "error"),
    [
        ("conf.py", 'graphql_ide="auto", ', "", "options", "DEFAULTS has no graphql_ide"),
        ("conf.py", '"""What is spoken."""', "", "options", "protocols has no docstring"),
        ("conf.py", "class RealtimeOptions", "class Options", "options", "no class RealtimeOpt"),
        ("conf.py", "DEFAULTS", "DEFAULT", "options", "assigns no DEFAULTS"),
        ("checks/catalogue.py", '"set-it"', "1", "checks", "line 5 is no Fault of six strings"),
        (
            "protocol.py",
            '"""Nothing came in time."""',
            "",
            "close-codes",
            "TIMEOUT has no docstring",
        ),
        ("conf.py", "", "", "nothing", "no table 'nothing'; there are options, checks"),
    ],
)
def test_a_source_that_does_not_fit_stops_the_build(
    config: MkDocsConfig, tmp_path: Path, file: str, old: str, new: str, table: str, error: str
) -> None:
    path = tmp_path / "strawberry_django/realtime" / file
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(PluginError, match=error):
        rendered(config, f"<!-- {table}-table -->")


def test_a_constant_that_cannot_be_found_stays_a_name(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("from . import x\nfrom .none import y\nfrom sys import z\nA = (x, y, z, len)\n")
    source = Source(path)
    assert {source.find(name) for name in ("x", "y", "z", "len")} == {None}
    with pytest.raises(SourceError, match="assigns no B"):
        source.constant("B")


def test_the_library_is_staged_apart_and_kept_up_to_date(
    config: MkDocsConfig, tmp_path: Path
) -> None:
    source = tmp_path / "strawberry_django/realtime"
    (source / "old.py").write_text("")
    library.on_config(config)
    staged = tmp_path / ".cache/reference/strawberry_django"
    assert (staged / "__init__.py").read_text() == ""
    assert (staged / "routers/__init__.py").exists()
    assert (staged / "realtime/old.py").exists()
    (source / "old.py").unlink()
    (source / "conf.py").write_text("DEFAULTS = {}\n")
    library.on_pre_build(config)
    assert not (staged / "realtime/old.py").exists()
    assert (staged / "realtime/conf.py").read_text() == "DEFAULTS = {}\n"


# The site's own rules


def test_edit_links_need_a_repository(config: MkDocsConfig) -> None:
    config.load_dict({"site_name": "Test", "repo_url": "", "edit_uri": "edit/main/docs/"})
    assert site.on_config(config).edit_uri is None
    config.load_dict({"repo_url": "https://example.com/repo", "edit_uri": "edit/main/docs/"})
    assert site.on_config(config).edit_uri == "edit/main/docs/"


def test_a_page_without_a_description_is_a_warning(
    config: MkDocsConfig, caplog: pytest.LogCaptureFixture
) -> None:
    config.load_dict({"site_name": "Test"})
    page = Page(None, File("a.md", "docs", "site", use_directory_urls=True), config)
    page.meta = {"description": "A page."}
    with caplog.at_level(logging.WARNING, "mkdocs"):
        assert site.on_page_markdown("text", page=page) == "text"
        assert caplog.text == ""
        page.meta = {}
        site.on_page_markdown("text", page=page)
    assert "a.md has no description; add one to its front matter" in caplog.text


def test_a_served_site_checks_its_snippets_on_each_rebuild(
    config: MkDocsConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = tmp_path / "docs/page.md"
    page.parent.mkdir()
    page.write_text("```python\nimport os\n```\n")
    with caplog.at_level(logging.WARNING, "mkdocs"):
        site.on_startup("build", dirty=False)
        site.on_pre_build(config)
        assert caplog.text == ""
        site.on_startup("serve", dirty=False)
        site.on_pre_build(config)
        site.on_startup("build", dirty=False)
    assert "docs/page.md:2: python typed into the page: 'import os'" in caplog.text
