from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.check_snippets import check, main

ROOT = Path(__file__).resolve().parents[2]

PAGE = """\
# A page

```python title="myproject/schema.py"
--8<-- "subject/myproject/schema.py:schema"
```

=== "Tab"

    ```bash
    --8<-- "subject/shell/run.sh"
    ```
"""
SCHEMA = """\
import os

# --8<-- [start:schema]
from myproject.helper import name

schema = name  # (hl)
# --8<-- [end:schema]
"""
HELPER = "name = 'ada'\n"
SHELL = "python manage.py runserver\n"


class Tree:
    """A small checkout in which every rule is kept."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("docs/page.md", PAGE)
        self.write("snippets/subject/myproject/schema.py", SCHEMA)
        self.write("snippets/subject/myproject/helper.py", HELPER)
        self.write("snippets/subject/shell/run.sh", SHELL)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text(encoding="utf-8")
        assert old in text
        self.write(path, text.replace(old, new))

    def problems(self) -> list[str]:
        return [str(problem) for problem in check(self.root)]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_a_tree_without_faults_has_no_problems(tree: Tree) -> None:
    assert tree.problems() == []


PAGE_FILE = "docs/page.md"
FILE = "snippets/subject/myproject/schema.py"
INCLUDE = '--8<-- "subject/myproject/schema.py:schema"'


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        pytest.param(
            "schema = 1",
            "docs/page.md:4: python typed into the page: 'schema = 1'",
            id="typed-in block",
        ),
        pytest.param(
            f"{INCLUDE}\nschema = 1",
            "docs/page.md:5: python typed into the page: 'schema = 1'",
            id="typed-in line below an include",
        ),
        pytest.param("", "docs/page.md:3: empty block", id="empty block"),
        pytest.param(
            '--8<-- "subject/myproject/schema.py:other"',
            "docs/page.md:4: no section 'other' in snippets/subject/myproject/schema.py; "
            "it has: schema",
            id="missing section",
        ),
        pytest.param(
            '--8<-- "subject/myproject/schemas.py:schema"',
            "docs/page.md:4: no file snippets/subject/myproject/schemas.py; "
            "did you mean subject/myproject/schema.py?",
            id="missing file",
        ),
        pytest.param(
            '--8<-- "subject/recorded/answer.json"',
            "docs/page.md:4: no file snippets/subject/recorded/answer.json; "
            "record it with: nox -s docs -- record subject/recorded/answer.json",
            id="missing recording",
        ),
        pytest.param(
            '--8<-- "subject/myproject/schema.py:2:4"',
            "docs/page.md:4: lines chosen by number: 'subject/myproject/schema.py:2:4'",
            id="line numbers",
        ),
        pytest.param(
            '--8<-- "subject/myproject/schema.py::4"',
            "docs/page.md:4: lines chosen by number: 'subject/myproject/schema.py::4'",
            id="open line range",
        ),
        pytest.param(
            "--8<- subject/myproject/schema.py",
            "docs/page.md:4: malformed include '--8<- subject/myproject/schema.py'",
            id="malformed include",
        ),
    ],
)
def test_a_fault_in_an_include_is_found(tree: Tree, new: str, problem: str) -> None:
    tree.replace(PAGE_FILE, INCLUDE, new)
    assert any(found.startswith(problem) for found in tree.problems()), tree.problems()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        pytest.param(
            'title="myproject/schema.py"',
            'hl_lines="2"',
            "docs/page.md:3: lines chosen by number in a block's header; mark them with '# (hl)'",
            id="highlight by line number",
        ),
        pytest.param(
            'title="myproject/schema.py"',
            'title="myproject/settings.py"',
            "docs/page.md:3: the title 'myproject/settings.py' is not the place of "
            "snippets/subject/myproject/schema.py; write title='myproject/schema.py'",
            id="title of another file",
        ),
        pytest.param(
            "# A page",
            "# A page\n\n<pre><code>import os</code></pre>",
            "docs/page.md:3: <pre> typed into the page",
            id="raw HTML code",
        ),
        pytest.param(
            "# A page",
            '# A page\n\n--8<-- "subject/shell/run.sh"',
            "docs/page.md:3: include outside a fenced block; fence it",
            id="include outside a block",
        ),
        pytest.param(
            "# A page",
            "# A page\n\n-8<- [start:x]",
            "docs/page.md:3: stray snippet marker",
            id="marker on a page",
        ),
        pytest.param(
            "    ```\n",
            "",
            "docs/page.md:9: fenced block that is not closed; end it with ```",
            id="open fence",
        ),
    ],
)
def test_a_fault_in_a_page_is_found(tree: Tree, old: str, new: str, problem: str) -> None:
    tree.replace(PAGE_FILE, old, new)
    assert any(found.startswith(problem) for found in tree.problems()), tree.problems()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        pytest.param(
            "# --8<-- [end:schema]",
            "",
            f"{FILE}:3: section 'schema' is not closed; end it with # --8<-- [end:schema]",
            id="unclosed section",
        ),
        pytest.param(
            "# --8<-- [start:schema]",
            "",
            f"{FILE}:7: end of section 'schema' that was not started",
            id="section not started",
        ),
        pytest.param(
            "import os",
            "# --8<-- [start:schema]\nimport os\n# --8<-- [end:schema]",
            f"{FILE}:5: section 'schema' is there twice; give one another name",
            id="doubled section",
        ),
        pytest.param(
            "from myproject.helper import name\n\nschema = name  # (hl)\n",
            "\n",
            f"{FILE}:3: section 'schema' is empty",
            id="empty section",
        ),
        pytest.param(
            "import os",
            "# --8<-- [start:unused]\nimport os\n# --8<-- [end:unused]",
            f"{FILE}:1: no page shows the section 'unused'; include it or remove it",
            id="unused section",
        ),
        pytest.param(
            "# --8<-- [start:schema]",
            "# --8<- start:schema",
            f"{FILE}:3: malformed marker '# --8<- start:schema'; write # --8<-- [start:name]",
            id="marker without brackets",
        ),
        pytest.param(
            "# --8<-- [start:schema]",
            "# [start:schema]",
            f"{FILE}:3: malformed marker '# [start:schema]'",
            id="marker without scissors",
        ),
        pytest.param(
            "# --8<-- [end:schema]",
            "# --8<-- [stop:schema]",
            f"{FILE}:7: malformed marker '# --8<-- [stop:schema]'",
            id="marker with another word",
        ),
        pytest.param(
            "# --8<-- [end:schema]",
            "# --8<-- [end:schemas]",
            f"{FILE}:7: end of section 'schemas' that was not started",
            id="mistyped name",
        ),
        pytest.param(
            "import os",
            "import os  # --8<-- [start:os]\n# --8<-- [end:os]",
            f"{FILE}:1: marker of 'os' behind code; give it a line of its own",
            id="marker behind code",
        ),
        pytest.param(
            "# (hl)",
            "# [hl]",
            f"{FILE}:6: malformed highlight 'schema = name  # [hl]'; write # (hl)",
            id="mistyped highlight",
        ),
        pytest.param(
            "import os",
            "import os\n# (hl-start)",
            f"{FILE}:2: (hl-start) without (hl-end); close it",
            id="open highlight",
        ),
        pytest.param(
            "import os",
            "import os\n# (hl-end)",
            f"{FILE}:2: (hl-end) without (hl-start)",
            id="highlight not started",
        ),
        pytest.param(
            "# (hl)",
            "# (hl-start)\n# (hl-start)\n# (hl-end)",
            f"{FILE}:6: (hl-start) behind code; give it a line of its own, or use (hl)",
            id="highlight start behind code",
        ),
    ],
)
def test_a_fault_in_a_snippet_is_found(tree: Tree, old: str, new: str, problem: str) -> None:
    tree.replace(FILE, old, new)
    assert any(found.startswith(problem) for found in tree.problems()), tree.problems()


def test_a_nested_highlight_is_found(tree: Tree) -> None:
    tree.replace(FILE, "import os", "# (hl-start)\n# (hl-start)\nimport os\n# (hl-end)")
    assert tree.problems() == [f"{FILE}:2: (hl-start) inside another; close the first"]


@pytest.mark.parametrize(
    ("path", "markers"),
    [
        ("page.html", "<!-- --8<-- [start:all] -->\n<p></p>\n<!-- --8<-- [end:all] -->\n"),
        ("chat.js", "// --8<-- [start:all]\nlet x;  // (hl)\n// --8<-- [end:all]\n"),
        ("chat.css", "/* --8<-- [start:all] */\np {}  /* (hl) */\n/* --8<-- [end:all] */\n"),
    ],
)
def test_markers_may_be_comments_of_any_language(tree: Tree, path: str, markers: str) -> None:
    tree.write(f"snippets/subject/{path}", markers)
    tree.write("docs/more.md", f'```html\n--8<-- "subject/{path}:all"\n```\n')
    assert tree.problems() == []


def test_sections_may_be_nested(tree: Tree) -> None:
    tree.replace(FILE, "schema = name", "# --8<-- [start:one]\nx = 1\n# --8<-- [end:one]\ny = 1")
    tree.write("docs/more.md", '```python\n--8<-- "subject/myproject/schema.py:one"\n```\n')
    assert tree.problems() == []


def test_a_file_that_nothing_uses_is_found(tree: Tree) -> None:
    tree.replace(FILE, "from myproject.helper import name", "name = 1")
    assert tree.problems() == [
        (
            "snippets/subject/myproject/helper.py: no page shows it and nothing uses it; "
            "include or remove it"
        )
    ]


@pytest.mark.parametrize(
    ("path", "user"),
    [
        ("chat/models.py", "INSTALLED_APPS = ['chat']\n\nimport chat.models\n"),
        ("chat/apps.py", 'INSTALLED_APPS = ["chat"]\n'),
        ("chat/templates/chat/room.html", 'render(request, "chat/room.html")\n'),
        ("chat/static/chat/room.js", 'import "./room.js";\n'),
        ("requests/me.graphql", '"subject/requests/me.graphql"\n'),
    ],
)
def test_a_file_that_another_one_names_is_used(tree: Tree, path: str, user: str) -> None:
    tree.write(f"snippets/subject/{path}", "x\n")
    assert any(path in problem for problem in tree.problems())
    tree.write("tests/test_it.py", user)
    assert tree.problems() == []


def test_files_that_django_runs_by_convention_are_used(tree: Tree) -> None:
    tree.write("snippets/subject/manage.py", "x\n")
    tree.write("snippets/subject/chat/migrations/0001_initial.py", "x\n")
    tree.write("snippets/subject/myproject/__init__.py", "")
    assert tree.problems() == []


def test_files_that_are_not_text_and_caches_are_left_alone(tree: Tree) -> None:
    (tree.root / "snippets/subject/logo.png").write_bytes(b"\x89PNG\xff")
    tree.write("snippets/subject/__pycache__/x.py", "# --8<-- [start:x]\n")
    tree.write("snippets/subject/node_modules/x/index.js", "// --8<-- [start:x]\n")
    assert tree.problems() == []


def test_an_empty_file_cannot_be_shown(tree: Tree) -> None:
    tree.write("snippets/subject/shell/run.sh", "\n")
    assert tree.problems() == [
        "docs/page.md:10: snippets/subject/shell/run.sh is empty; write it or drop the include"
    ]


def test_a_variant_of_a_file_may_have_its_title(tree: Tree) -> None:
    tree.write("snippets/subject/myproject/settings_redis.py", "INSTALLED_APPS = []\n")
    include = '--8<-- "subject/myproject/settings_redis.py"'
    tree.write("docs/more.md", f'```python title="myproject/settings.py"\n{include}\n```\n')
    assert tree.problems() == []


@pytest.mark.parametrize("language", ["json", "http", "frames", "text"])
def test_an_answer_that_was_typed_by_hand_is_found(tree: Tree, language: str) -> None:
    tree.write("snippets/subject/requests/answer.json", "{}\n")
    tree.write("docs/more.md", f'```{language}\n--8<-- "subject/requests/answer.json"\n```\n')
    assert tree.problems() == [
        (
            "docs/more.md:2: an answer that no run gave: snippets/subject/requests/answer.json; "
            "write a scenario in tools/scenarios that records subject/recorded/answer.json, "
            "and include that"
        )
    ]
    tree.replace("docs/more.md", f"```{language}", "```javascript")
    assert tree.problems() == []


@pytest.mark.parametrize("language", ["json", "http", "frames", "text"])
def test_a_recorded_answer_is_none_that_was_typed(tree: Tree, language: str) -> None:
    tree.write("snippets/subject/recorded/answer.json", "{}\n")
    tree.write("docs/more.md", f'```{language}\n--8<-- "subject/recorded/answer.json"\n```\n')
    assert tree.problems() == []


def test_what_a_follower_of_a_page_would_meet_is_found(tree: Tree) -> None:
    tree.replace(FILE, "from myproject.helper import name\n", "import myproject.helper\n")
    assert tree.problems() == [
        (
            "docs/page.md:3: as this block leaves myproject/schema.py nothing gives 'name' where "
            "it is used; show its import or definition first, "
            'or write title="myproject/schema.py (part)"'
        )
    ]


ALLOWED = {
    "[typed_block docs/more.md: graph LR]": ("docs/more.md", "```text\ngraph LR\n```\n"),
    "[unused_section subject/myproject/more.py:later]": (
        "snippets/subject/myproject/more.py",
        "import os\n# --8<-- [start:later]\nx = 1\n# --8<-- [end:later]\n",
    ),
    "[unused_file subject/spare/*]": ("snippets/subject/spare/notes.txt", "x\n"),
}


@pytest.mark.parametrize("entry", ALLOWED)
def test_the_allowlist_lets_pass_what_has_a_reason(tree: Tree, entry: str) -> None:
    tree.write(*ALLOWED[entry])
    tree.write("tests/test_it.py", "import myproject.more\n")
    assert len(tree.problems()) == 1
    tree.write("tools/allowlist.ini", f"{entry}\nreason = It is a diagram.\n")
    assert tree.problems() == []


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("[unused_file subject/x]", "tools/allowlist.ini:1: [unused_file subject/x] has no reason"),
        (
            "[unused_file subject/x]\nreason = Once.",
            "tools/allowlist.ini:1: [unused_file subject/x] lets nothing pass; remove it",
        ),
        ("[other x]\nreason = None.", "tools/allowlist.ini:1: no such kind 'other'; use one of"),
    ],
)
def test_the_allowlist_is_checked_itself(tree: Tree, entry: str, problem: str) -> None:
    tree.write("tools/allowlist.ini", f"{entry}\n")
    (found,) = tree.problems()
    assert found.startswith(problem)


def test_the_command_prints_problems_and_fails(
    tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(tree.root)]) == 0
    assert capsys.readouterr().out == "3 snippets, 3 shown parts, 0 problems\n"
    tree.replace(PAGE_FILE, INCLUDE, "x = 1")
    assert main(["--root", str(tree.root)]) == 1
    assert "docs/page.md:4: python typed into the page: 'x = 1'; move it" in capsys.readouterr().out


def test_this_project_keeps_the_rules() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.check_snippets"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
