"""The marks under the blocks, and the page on compatibility."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tools.hooks import commands, verified
from tools.hooks.verified import Marks
from tools.matrix import cells, ledger, pictures, tables, trial
from tools.pages import SitePage
from tools.reader import page as reader
from tools.shown import Shown, shown

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
        uses = {"tests/guide/test_it.py::test_it": test}
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
    html = put({NEWEST: "passed", LOWEST: "skipped"})
    assert "✓ verified with Python 3.11, Django 5.2, newest versions" in html
    told = "Python 3.10, Django 5.2, lowest versions: &lt;no&gt; luck"
    assert f"<dt>Skipped with</dt><dd>{told}</dd>" in html


def test_a_failing_test_is_shown_with_its_reason() -> None:
    html = put({NEWEST: "passed", LOWEST: "failed"})
    assert "✓ verified with Python 3.11, Django 5.2, newest versions" in html
    assert "✗ fails with Python 3.10, Django 5.2, lowest versions" in html
    assert "<code>test_it</code>: &lt;no&gt; luck" in html
    assert "✓" not in put({LOWEST: "failed"})


def test_only_versions_that_were_run_are_named() -> None:
    html = put({"3.10 5.2 newest": "passed", "3.13 6.1 newest": "passed"})
    assert "with Django 5.2, 6.1 on Python 3.10, 3.13, newest versions</summary>" in html


def names_of_tests(found: ledger.Ledger, items: Sequence[Shown], *targets: str) -> list[str]:
    """The files of tests that a mark names."""
    html = Marks(found, items).mark(targets, "").replace("<wbr>", "")
    told = html.partition("<dt>Tests</dt>")[2].partition("<dt>")[0]
    return re.findall(r"<dd>(?:<code>)?(.+?)(?:</code>)?</dd>", told)


def test_the_tests_of_the_page_come_first_and_of_these_those_that_use_little_else() -> None:
    found = kept({NEWEST: "passed"})
    wide, narrow, other = (f"tests/guide/test_{name}.py" for name in ("page", "page_b", "a"))
    found["tests"] = {
        ITEM.file: {other: 70, wide: 50, narrow: 1, "tests/live/clients/test_cors.py": 60},
        "chat/urls.py": {wide: 50, "tests/live/clients/test_cors.py": 60},
    }
    named = [narrow, wide, other, "and 1 files more"]
    assert names_of_tests(found, (ITEM,), ITEM.target) == named


def test_the_look_of_the_chat_is_among_its_tests() -> None:
    items = list(shown(ROOT))
    found, file = ledger.read(), "chat/chat/static/chat/chat.css"
    (item,) = {item.target: item for item in items if item.file == file}.values()
    run = next(iter(found["cells"].values()))
    run["snippets"][item.target] = f"{item.digest} passed"
    look, *others = names_of_tests(found, items, item.target)
    assert look == "tests/guide/test_subscriptions_look.py"
    assert all(one.startswith("tests/guide/test_subscriptions_") for one in others[:2])


def test_paths_are_links_where_there_is_a_repository() -> None:
    assert "<code>snippets/<wbr>chat/<wbr>schema.py</code>" in put({NEWEST: "passed"})
    html = put({NEWEST: "passed"}, repository="https://example.com/r/blob/main/")
    assert '<a href="https://example.com/r/blob/main/snippets/chat/schema.py">' in html
    assert '<a href="https://example.com/r/blob/main/tests/guide/test_it.py">' in html


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


# Commands that the tests only compare

COMMAND = Shown("guide/page.md", 7, "chat/shell/pip.sh", ((1, "pip install chat"),))


def marked(*targets: str) -> str:
    items = list({item.target: item for item in shown(ROOT)}.values())
    return Marks(ledger.read(), items).mark(targets, "")


def test_a_command_that_is_only_compared_is_not_verified() -> None:
    html = Marks(kept({NEWEST: "passed"}, COMMAND), (COMMAND,)).mark([COMMAND.target], "")
    assert "<summary>✓ compared, not run, with Python 3.11, Django 5.2, newest versions<" in html
    assert "verified with" not in html
    assert "<dt>Not run</dt><dd><code>snippets/<wbr>chat/<wbr>shell/<wbr>pip.sh</code>. " in html
    assert "<code>nox -s reader</code> runs it as the built page shows it." in html


@pytest.mark.parametrize("test", ["tests/guide/test_it.py", "tests/guide/test_other.py"])
def test_a_command_is_verified_if_the_run_was_of_the_test_that_runs_it(
    monkeypatch: pytest.MonkeyPatch, test: str
) -> None:
    monkeypatch.setitem(commands.EXECUTED, COMMAND.file, test)
    html = Marks(kept({NEWEST: "passed"}, COMMAND), (COMMAND,)).mark([COMMAND.target], "")
    assert ("✓ verified with" in html) is test.endswith("test_it.py")


def test_a_block_of_two_commands_says_of_how_many_it_is_true() -> None:
    html = marked("running/shell/install_uvicorn.sh", "running/shell/uvicorn.sh")
    assert "✓ verified (1 of 2 only compared) with Django" in html
    assert html.count("install_uvicorn.sh</code>. These tests hold its words") == 1


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
    assert html.count('<rect class="matrix__untested"') == 2 + 2  # one is barred: of "later"
    assert html.count('<circle class="matrix__none"') == 2 * (len(cells.ALL) - 2) + 1
    assert "<title>chat/schema.py:query: passed in 1 of 16\n3.10 5.2 lowest: failed</title>" in html
    title, described = re.findall(r'aria-labelledby="(\S+) (\S+)"', html)[0]
    assert f'<title id="{title}">' in html
    assert f'<desc id="{described}">2 snippets, 16 sets of versions: 1 passed, 1 failed' in html


def test_each_sign_has_a_shape_of_its_own() -> None:
    names = ("passed", "failed", "skipped", "later", "none")
    shapes = {re.sub(r"matrix__\w+", "", pictures.sign(name, 0, 0)) for name in names}
    assert len(shapes) == len(names)


def test_the_tables_tell_what_failed_and_what_was_not_run() -> None:
    found = kept({NEWEST: "passed", LOWEST: "failed"})
    table = tables.cells(found, [ITEM])
    assert "<td>3.11</td><td>5.2</td><td>newest</td><td>✓ passed</td><td>1</td>" in table
    assert "<td>3.10</td><td>5.2</td><td>lowest</td><td>✗ failed</td>" in table
    assert table.count("not run yet") == len(cells.ALL) - 2
    assert "Outdated" not in table
    assert "<td>&lt;no&gt; luck</td><td>3.10 5.2 lowest</td>" in tables.failures(found)
    assert "The pages show 2 snippets. Of 16 sets of versions 2 were run" in tables.summary(
        found, [ITEM, OTHER]
    )
    rows = tables.snippets(found, [ITEM, OTHER], str)
    assert "✓ passed in 1: 3.11 5.2 newest<br>✗ failed in 1: 3.10 5.2 lowest" in rows
    assert "no test in the matrix in 2" in rows


def test_what_is_outdated_or_skipped_is_counted_and_told() -> None:
    found = kept({NEWEST: "passed", LOWEST: "skipped"})
    ran = f"2 of {len(cells.ALL)} sets of versions were run, "
    assert tables.figures(found, [ITEM]) == f"{ran}1 with every part passed, 1 with a part skipped"
    assert "<td>1 skipped</td>" in tables.cells(found, [ITEM])
    skipped = "skipped here in 1: 3.10 5.2 lowest (&lt;no&gt; luck)"
    assert skipped in tables.snippets(found, [ITEM], str)
    found["tests"][OTHER.file] = {"tests/guide/test_it.py": 1}
    items = [ITEM, OTHER]
    assert tables.figures(found, items) == f"{ran}0 with every part passed, 2 outdated"
    table = tables.cells(found, items)
    assert table.count("<td>1 outdated</td>") == 2
    assert "<p>Outdated are the parts that" in table
    assert "not tested in that run in 2" in tables.snippets(found, items, str)
    assert "1 not tested in that run" not in tables.summary(found, [ITEM])
    assert "2 not tested in that run" in tables.summary(found, items)
    assert 'class="matrix__bar"' in pictures.plot(found, [OTHER])
