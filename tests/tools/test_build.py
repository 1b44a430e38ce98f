"""What `tools.build` prints, and a planted fault for each thing that it checks of a built site."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.planting import checkout
from tools import build
from tools.render import site as built

CONFIG = """
site_name: A site
site_description: A site of a test.
docs_dir: build/pages
strict: true
theme: {name: mkdocs, highlightjs: false}
plugins: []
markdown_extensions: [pymdownx.superfences]
validation: {links: {anchors: warn, absolute_links: warn}}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return checkout(tmp_path)


def site(root: Path, body: str) -> list[str]:
    """Return what is wrong with a site of one page that has this in its Markdown and HTML."""
    (root / "docs/index.md").write_text(f"# A page\n\n{body}\n")
    (root / "site").mkdir()
    (root / "site/index.html").write_text(f'<h1 id="top">A page</h1>{body}')
    return [str(problem) for problem in built.check(root, root / "site", "https://a.example/")]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<a href="gone/">x</a>', "gone/ leads nowhere"),
        ('<a href="#gone">x</a>', "#gone names an anchor that is not there"),
        ('<img src="gone.png">', "gone.png leads nowhere"),
        ('<img srcset="gone.png 2x">', "gone.png leads nowhere"),
        ('<img src="//b.example/x.png">', "//b.example/x.png is loaded from another host"),
        ('<script src="https://b.example/x.js"></script>', "https://b.example/x.js is loaded from"),
        ('<link rel="stylesheet" href="https://b.example/x.css">', "https://b.example/x.css is"),
        ("<p style=\"background: url('https://b.example/x')\">x</p>", "https://b.example/x is"),
    ],
)
def test_a_fault_of_a_built_page_is_named_at_its_source(root: Path, body: str, said: str) -> None:
    assert [one.startswith(f"docs/index.md:3: {said}") for one in site(root, body)] == [True]


def test_a_stylesheet_that_loads_from_another_host_is_named(root: Path) -> None:
    for folder in ("docs", "site"):
        (root / folder).mkdir(exist_ok=True)
        (root / folder / "a.css").write_text("/* a */\n@import 'https://b.example/a.css';\n")
    found = [str(problem) for problem in built.check(root, root / "site")]
    assert [one.partition(";")[0] for one in found] == [
        "docs/a.css:2: https://b.example/a.css is loaded from another host"
    ]


def test_what_is_there_and_links_to_other_hosts_are_no_faults(root: Path) -> None:
    assert not site(root, '<a href="#top">x</a><a href="https://b.example/">y</a>')


def test_a_build_says_each_stage_and_is_not_repeated(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "mkdocs.yml").write_text(CONFIG)
    (root / "tools").symlink_to(build.ROOT / "tools")
    command = ["--root", str(root), "--fast"]
    build.main(command)
    said = capsys.readouterr().out
    assert "[1/4] Checking pages and snippets\n      1 pages (" in said
    assert "[3/4] Building with mkdocs\n" in said
    page = root / "docs/index.md"
    page.write_text(page.read_text() + "\n[x](gone.md)\n")
    assert build.main(command) == 1
    said = capsys.readouterr().out
    assert "docs/index.md:20: Doc file 'index.md' contains a link 'gone.md'" in said
    page.write_text(page.read_text().replace("[x](gone.md)", "```text\nx\n```"))
    assert build.main(command) == 1
    assert "docs/index.md:21: code typed into the page: 'x'" in capsys.readouterr().out


def test_a_good_build_is_not_repeated(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("site", "build"):
        (root / folder).mkdir()
    (root / "site/index.html").write_text("")
    (root / "build/built").write_text(f"mkdocs {build.digest(root)}")
    assert build.main(["--root", str(root), "--fast"]) == 0
    assert "Nothing has changed since the last good build" in capsys.readouterr().out
    before = build.digest(root)
    (root / "snippets/chat/myproject/schema.py").write_text("x = 1\n")
    assert build.digest(root) != before
