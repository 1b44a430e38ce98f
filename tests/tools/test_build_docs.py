from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60

MKDOCS = f"""\
site_name: Test
strict: true
theme: {{name: material, font: false}}
hooks: [{ROOT}/tools/hooks/blocks.py, {ROOT}/tools/hooks/library.py, {ROOT}/tools/hooks/site.py]
watch: [snippets, strawberry_django]
plugins:
  - mkdocstrings:
      handlers:
        python: {{paths: [.cache/reference], options: {{show_source: false}}}}
markdown_extensions:
  - attr_list
  - pymdownx.highlight: {{pygments_lang_class: true}}
  - pymdownx.snippets: {{base_path: [snippets], check_paths: true, dedent_subsections: true}}
  - pymdownx.superfences
validation: {{links: {{anchors: warn}}}}
"""
PAGE = """\
---
description: The front page. Two commands away.
---

# Home

```text title="Answer"
--8<-- "subject/recorded/answer.txt"
```

::: strawberry_django.realtime.conf.Options
"""
SCENARIO = """\
from tools.scenarios import scenario


@scenario("subject/recorded/answer.txt")
def answer(folder):
    return "Hello, ada!"
"""


class Tree:
    """A small checkout whose documentation builds."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("mkdocs.yml", MKDOCS)
        self.write("docs/index.md", PAGE)
        self.write("snippets/subject/recorded/answer.txt", "Hello, ada!\n")
        self.write("tools/scenarios/subject.py", SCENARIO)
        self.write("strawberry_django/routers/__init__.py", "")
        self.write("strawberry_django/realtime/__init__.py", "")
        options = 'class Options:\n    """What can be told."""\n'
        self.write("strawberry_django/realtime/conf.py", options)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def command(self, *arguments: str) -> tuple[list[str], dict[str, str]]:
        command = [sys.executable, "-m", "tools.build_docs", "--root", str(self.root), *arguments]
        return command, {**os.environ, "PYTHONPATH": str(ROOT)}

    def build(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command, env = self.command(*arguments)
        return subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=SECONDS
        )


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "checkout")


def test_it_says_what_it_does_and_where_the_site_is(tree: Tree) -> None:
    done = tree.build()
    assert done.returncode == 0, done.stdout + done.stderr
    lines = re.sub(r"\d+\.\d s\b", "TIME", done.stdout).splitlines()
    assert "      ran subject.answer (" in done.stderr
    assert lines == [
        "[1/5] Checking pages and snippets",
        "      1 snippets, 1 shown parts, 0 problems (TIME)",
        "[2/5] Holding the prose against the code",
        "      every number and name is the code's (TIME)",
        "[3/5] Comparing recordings",
        (
            "      1 recordings of 1 scenarios (0 unchanged since their last run): "
            "0 stale, 0 problems, TIME (TIME)"
        ),
        "[4/5] Building the site",
        "      2 pages (TIME)",
        "[5/5] Checking the site",
        lines[9],
        "",
        f"The site is in {tree.root / 'site'}",
        "To read it: nox -s docs -- serve",
    ]
    html = (tree.root / "site/index.html").read_text()
    assert "Hello, ada!" in html
    assert "What can be told." in html
    assert "Material for MkDocs" not in done.stdout


@pytest.mark.parametrize(
    ("path", "text", "stage", "problems"),
    [
        pytest.param(
            "docs/index.md",
            PAGE + "\n```python\nimport os\n```\n",
            "[1/5] Checking pages and snippets",
            ["docs/index.md:14: python typed into the page: 'import os'; move it"],
            id="typed-in block",
        ),
        pytest.param(
            "docs/index.md",
            PAGE + "\nIt ends with 4499.\n",
            "[2/5] Holding the prose against the code",
            ["the number 4499 is unbound"],
            id="number of nothing",
        ),
        pytest.param(
            "snippets/subject/recorded/answer.txt",
            "Hello, grace!\n",
            "[3/5] Comparing recordings",
            ["if the change is right: nox -s docs -- record subject.answer\n"],
            id="stale transcript",
        ),
        pytest.param(
            "tools/scenarios/again.py",
            SCENARIO,
            "[3/5] Comparing recordings",
            ["subject/recorded/answer.txt is recorded by both again.answer and subject.answer"],
            id="recording made twice",
        ),
        pytest.param(
            "docs/index.md",
            PAGE.replace("description: The front page.", "title: Home")
            + "\n[x](nowhere.md)\n\n[x](#nowhere)\n\nText.\n\n    import os\n",
            "[4/5] Building the site",
            [
                "contains a link 'nowhere.md', but the target is not found",
                "contains a link '#nowhere', but there is no such anchor on this page",
                "indented code 'import os'",
                "index.md has no description",
                "Aborted with 4 warnings in strict mode!",
            ],
            id="warnings",
        ),
        pytest.param(
            "docs/index.md",
            PAGE + "\n::: strawberry_django.realtime.conf.Nothing\n",
            "[4/5] Building the site",
            ["strawberry_django.realtime.conf.Nothing could not be found"],
            id="reference to nothing",
        ),
        pytest.param(
            "docs/index.md",
            PAGE + '\n<img src="https://example.com/x.svg" alt=""><video src="none.mp4"></video>\n',
            "[5/5] Checking the site",
            [
                "<img> loads https://example.com/x.svg from another host",
                "<video> 'none.mp4': there is no none.mp4; mend it",
            ],
            id="built page",
        ),
    ],
)
def test_a_fault_fails_its_stage(
    tree: Tree, path: str, text: str, stage: str, problems: list[str]
) -> None:
    tree.write(path, text)
    done = tree.build()
    assert done.returncode == 1
    assert f"{stage}\n      FAILED" in done.stdout
    for problem in problems:
        assert problem in done.stdout
    title = stage.split("] ")[1]
    assert done.stdout.endswith(f"The documentation was not built: {title} failed.\n")


def test_an_unknown_argument_is_refused(tree: Tree) -> None:
    done = tree.build("build", "--fast")
    assert done.returncode == 2
    assert "unrecognized arguments: --fast" in done.stderr


def test_record_writes_the_recordings_anew(tree: Tree) -> None:
    tree.write("snippets/subject/recorded/answer.txt", "Hello, grace!\n")
    done = tree.build("record", "subject.answer")
    assert done.returncode == 0
    assert "-Hello, grace!\n+Hello, ada!\n" in done.stdout


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def served(tree: Tree, log: Path) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    command, env = tree.command("serve", "--dev-addr", address)
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output)
    try:
        yield f"http://{address}/"
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


def wait_for(url: str, found: Callable[[str], bool], log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if found(httpx.get(url, timeout=SECONDS).text):
                return
        time.sleep(0.05)
    pytest.fail(f"not served in {SECONDS} s:\n{log.read_text()}")


def test_it_serves_the_site_and_rebuilds_on_change(tree: Tree, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with served(tree, log) as url:
        wait_for(url, lambda html: "Hello, ada!" in html and "What can be told." in html, log)
        tree.write("snippets/subject/recorded/answer.txt", "Hello, grace!\n")
        wait_for(url, lambda html: "Hello, grace!" in html, log)
        options = 'class Options:\n    """What can be said."""\n'
        tree.write("strawberry_django/realtime/conf.py", options)
        wait_for(url, lambda html: "What can be said." in html, log)
        tree.write("docs/index.md", PAGE.replace("# Home", "# House\n\n```text\nx\n```"))
        wait_for(url, lambda html: "House" in html, log)
    assert "docs/index.md:8: text typed into the page: 'x'" in log.read_text()
    with pytest.raises(httpx.TransportError):
        httpx.get(url)
