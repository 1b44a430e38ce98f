"""The marks under the blocks, and the page on compatibility."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tools.hooks import verified
from tools.hooks.verified import Marks
from tools.matrix import cells, ledger, pictures, tables, trial
from tools.pages import SitePage
from tools.reader import page as reader
from tools.shown import Shown

ROOT = Path(__file__).resolve().parents[2]
LINES = ((1, "import os"),)
ITEM = Shown("guide/page.md", 7, "chat/schema.py:query", LINES)
OTHER = Shown("guide/page.md", 9, "chat/urls.py", ((1, "x = 1"),))
BLOCK = (
    '<div class="language-python highlight" data-snippet="chat/schema.py:query">'
    "<div><pre><code>import os</code></pre></div></div>"
)
NEWEST, LOWEST = "3.11 5.2 newest", "3.10 5.2 lowest"


def kept(outcomes: dict[str, str], item: Shown = ITEM) -> ledger.Ledger:
    """A ledger in which the test of an item has an outcome in each of some cells."""
    found = ledger.empty()
    for cell, outcome in outcomes.items():
        test = {"outcome": outcome, "files": [item.file], "seconds": 1.0, "reason": "<no> luck"}
        uses = {"tests/snippets/test_it.py::test_it": test}
        versions = {"python": f"{cell[:4]}.1", "django": "5.2.19", "channels": "4.3.2"}
        done = trial.run_of(uses, versions, {}, 3.0, "")
        ledger.merge(found, cell, done, uses, {item.target: item.digest})
    return found


def put(outcomes: dict[str, str], items: tuple[Shown, ...] = (ITEM,), repository: str = "") -> str:
    return Marks(kept(outcomes), items, repository).put(f"<p>a</p>{BLOCK}<p>b</p>", "../about/")


def test_a_block_gets_a_mark_after_it() -> None:
    html = put({NEWEST: "passed", LOWEST: "passed"})
    assert f'{BLOCK}<details class="verified" data-search-exclude><summary>✓ verified' in html
    assert "with Django 5.2 on Python 3.10&ndash;3.11</summary>" in html
    assert html.endswith("</details><p>b</p>")
    assert "Python 3.10.1, 3.11.1; Django 5.2.19; channels 4.3.2" in html
    assert '<a href="../about/">all results</a>' in html


def test_the_mark_is_gone_when_the_snippet_has_changed() -> None:
    changed = Shown(ITEM.page, ITEM.line, ITEM.target, ((1, "import sys"),))
    assert "details" not in put({NEWEST: "passed"}, (changed,))


def test_a_block_of_two_snippets_needs_both() -> None:
    marks = Marks(kept({NEWEST: "passed"}), (ITEM, OTHER))
    assert marks.mark([ITEM.target], "")
    assert not marks.mark([ITEM.target, OTHER.target], "")


def test_what_did_not_run_is_not_verified() -> None:
    assert "details" not in put({NEWEST: "skipped"})
    assert "details" not in Marks(ledger.empty(), (ITEM,)).put(BLOCK, "")


def test_a_failing_test_is_shown_with_its_reason() -> None:
    html = put({NEWEST: "passed", LOWEST: "failed"})
    assert "✓ verified with Python 3.11, Django 5.2, newest versions" in html
    assert "✗ fails with Python 3.10, Django 5.2, lowest versions" in html
    assert "<code>test_it</code>: &lt;no&gt; luck" in html
    assert "✓" not in put({LOWEST: "failed"})


def test_only_versions_that_were_run_are_named() -> None:
    html = put({"3.10 5.2 newest": "passed", "3.13 6.1 newest": "passed"})
    assert "with Django 5.2, 6.1 on Python 3.10, 3.13, newest versions</summary>" in html


def test_paths_are_links_where_there_is_a_repository() -> None:
    assert "<code>snippets/<wbr>chat/<wbr>schema.py</code>" in put({NEWEST: "passed"})
    html = put({NEWEST: "passed"}, repository="https://example.com/r/blob/main/")
    assert '<a href="https://example.com/r/blob/main/snippets/chat/schema.py">' in html
    assert '<a href="https://example.com/r/blob/main/tests/snippets/test_it.py">' in html


@pytest.mark.parametrize(
    ("edit", "expected"),
    [("edit/main/docs/", "blob/main/"), ("-/edit/next/docs/", "-/blob/next/")],
)
def test_the_repository_is_the_one_of_the_edit_links(edit: str, expected: str) -> None:
    config = MkDocsConfig(config_file_path="mkdocs.yml")
    assert isinstance(config, MkDocsConfig)
    config.load_dict({"site_name": "x", "repo_url": "https://example.com/r", "edit_uri": edit})
    assert verified.repository(config) == f"https://example.com/r/{expected}"
    config.load_dict({"repo_url": ""})
    assert verified.repository(config) == ""


def test_a_reader_of_the_page_is_not_disturbed(tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_text(f"<article>{put({NEWEST: 'passed'})}</article>", encoding="utf-8")
    items = reader.read(path)
    assert [item.kind for item in items if item.kind != "prose"] == ["python"]
    assert not any(item.text.endswith(":") for item in items)
    assert not SitePage.read(path).loose_code


# The page on compatibility


def hooked(tmp_path: Path, text: str, name: str = "compatibility.md") -> str:
    (tmp_path / "docs").mkdir()
    config = MkDocsConfig(config_file_path=str(tmp_path / "mkdocs.yml"))
    assert isinstance(config, MkDocsConfig)
    config.load_dict({"site_name": "Test"})
    file = File(name, "docs", "site", use_directory_urls=True)
    verified.on_pre_build(config)
    page = Page(None, file, config)
    return verified.on_page_content(text, page=page, config=config, files=Files([file]))


def test_a_place_on_a_page_becomes_its_part(tmp_path: Path) -> None:
    assert "No run is kept yet" in hooked(tmp_path, "<!-- matrix summary -->")


def test_a_part_that_there_is_not_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="no part 'nothing'; there are summary, plot, cells"):
        hooked(tmp_path, "<!-- matrix nothing -->")


def test_the_page_names_what_is_varied_and_asks_for_each_part_once() -> None:
    text = (ROOT / "docs" / verified.PAGE).read_text(encoding="utf-8")
    assert re.findall(r"`([\w-]+)`", text) == list(cells.VARIED)
    assert f"Python {cells.PYTHONS[0]} to {cells.PYTHONS[-1]}" in text
    parts = re.findall(r"<!-- matrix ([\w-]+) -->", text)
    assert sorted(parts) == ["cells", "failures", "plot", "snippets", "summary", "versions"]


def test_the_plot_has_a_sign_for_each_snippet_in_each_cell() -> None:
    html = pictures.plot(kept({NEWEST: "passed", LOWEST: "failed"}), [ITEM, OTHER, ITEM])
    assert html.count('<rect class="matrix__passed"') == 1 + 1  # one is of the legend
    assert html.count('<rect class="matrix__failed"') == 1 + 1
    assert html.count('<rect class="matrix__untested"') == 2 + 1
    assert html.count('<circle class="matrix__none"') == 2 * (len(cells.ALL) - 2) + 1
    assert "<title>chat/schema.py:query: passed in 1 of 16\n3.10 5.2 lowest: failed</title>" in html
    title, described = re.findall(r'aria-labelledby="(\S+) (\S+)"', html)[0]
    assert f'<title id="{title}">' in html
    assert f'<desc id="{described}">2 snippets, 16 sets of versions: 1 passed, 1 failed' in html


def test_each_sign_has_a_shape_of_its_own() -> None:
    names = ("passed", "failed", "skipped", "none")
    shapes = {re.sub(r"matrix__\w+", "", pictures.sign(name, 0, 0)) for name in names}
    assert len(shapes) == len(names)


def test_the_tables_tell_what_failed_and_what_was_not_run() -> None:
    found = kept({NEWEST: "passed", LOWEST: "failed"})
    assert "<td>3.11</td><td>5.2</td><td>newest</td><td>✓ passed</td><td>1</td>" in tables.cells(
        found
    )
    assert "<td>3.10</td><td>5.2</td><td>lowest</td><td>✗ failed</td>" in tables.cells(found)
    assert tables.cells(found).count("not run yet") == len(cells.ALL) - 2
    assert "<td>&lt;no&gt; luck</td><td>3.10 5.2 lowest</td>" in tables.failures(found)
    assert "The pages show 2 snippets. Of 16 sets of versions 2 were run" in tables.summary(
        found, [ITEM, OTHER]
    )
    rows = tables.snippets(found, [ITEM, OTHER], str)
    assert "✓ passed in 1: 3.11 5.2 newest<br>✗ failed in 1: 3.10 5.2 lowest" in rows
    assert "no test in the matrix in 2" in rows
