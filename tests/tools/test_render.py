"""What `tools.render` makes of a page, and a planted fault for each thing that it checks."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.planting import ROOT, checkout, plant
from tools.render import records
from tools.render.pages import texts
from tools.render.reference import Reference

PAGE = "docs/index.md"
CONF = "strawberry_django/realtime/conf.py"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return checkout(tmp_path)


def rendered(root: Path) -> tuple[str, str]:
    """Render in a process of its own, which imports that checkout's library."""
    command = [sys.executable, "-m", "tools.render.pages", str(root)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.stdout.strip(), (root / "build/pages/index.md").read_text(encoding="utf-8")


def test_a_page_becomes_plain_markdown(root: Path) -> None:
    problems, page = rendered(root)
    assert not problems
    assert (
        '```python title="myproject/schema.py" hl_lines="2"\ndef query():\n    return 1\n' in page
    )
    assert '```text title="Frames"\n→ {"type": "connection_init"}\n← {"type"' in page
    assert "30 seconds, and 4408." in page
    assert "## `disconnect_user`\n\n```python\ndef disconnect_user(" in page


def test_a_changed_default_and_code_are_on_the_page(root: Path) -> None:
    plant(root / CONF, "    ping_interval=30,", "    ping_interval=47,")
    plant(root / "strawberry_django/realtime/protocol.py", "TIMEOUT = 4408", "TIMEOUT = 4418")
    assert "47 seconds, and 4418." in rendered(root)[1]


def test_faults_on_a_page_are_named_with_their_lines(root: Path) -> None:
    for old, new in (
        ("`ping_interval`, {{ option.ping", "`pong_interval`,\n{{ option.pong"),
        ("and {{ close_code.TIMEOUT", "and\n{{ code.TIMEOUT"),
        ("disconnect_user", "gone"),
        ("schema.py:query", "gone.py"),
    ):
        plant(root / PAGE, old, new)
    said = rendered(root)[0]
    for problem in (
        "17: no value 'option.pong_interval': there is no 'pong_interval'",
        "18: no value 'code.TIMEOUT': there is no 'code'",
        "16: nothing in the library or the snippets is called 'pong_interval'",
        "20: the library has no strawberry_django.realtime.gone",
        "8: Snippet at path 'chat/myproject/gone.py' could not be found",
    ):
        assert f"{PAGE}:{problem}" in said


def unread(root: Path) -> list[str]:
    """Return the options that are declared and that no other module of the library reads."""
    library = (root / CONF).parent
    others = [path for path in library.rglob("*.py") if path.name != "conf.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in others)
    lines = enumerate((root / CONF).read_text(encoding="utf-8").splitlines(), 1)
    options = ((number, re.match(r"    (\w+)=", line)) for number, line in lines)
    return [
        f"{CONF}:{number}: the option {one[1]!r} is read nowhere"
        for number, one in options
        if one and not re.search(rf"[\"']{one[1]}[\"']", text)
    ]


def test_every_option_is_read() -> None:
    assert not unread(ROOT)


def test_an_option_that_nothing_reads_is_named(root: Path) -> None:
    plant(root / CONF, "    ping_interval=30,", "    unread=1,\n    ping_interval=30,")
    assert [one.partition(": ")[2] for one in unread(root)] == [
        "the option 'unread' is read nowhere"
    ]


def test_a_long_signature_is_wrapped_and_lists_are_lists() -> None:
    name = "strawberry_django.realtime.AuthGraphQLProtocolTypeRouter"
    entry = Reference(ROOT).markdown(name)
    assert "class AuthGraphQLProtocolTypeRouter(\n    schema: " in entry
    assert max(map(len, entry.split("```")[1].splitlines())) <= 100
    assert "**Parameters:**\n\n- `schema`: " in entry


def test_what_servers_differ_in_is_told_for_each() -> None:
    stock = {"uvicorn": True, "daphne": "a|b", "hypercorn": "a|b"}
    ours = dict.fromkeys(stock, True)
    row = {"id": "one", "sentence": "It works", "group": "documented", "stock": stock, "ours": ours}
    table = records.table(records.comparison({"rows": [row]}, "one"))
    assert table.endswith("| It works | Uvicorn: ✓<br>Daphne, Hypercorn: ✗ a\\|b | ✓ |")
    with pytest.raises(KeyError, match="two"):
        list(records.comparison({"rows": [row]}, "two"))


def test_an_old_record_is_shown_with_its_date() -> None:
    record = {"measured": {"date": "2020-01-02", "versions": {"python": "3.11", "uvicorn": "1"}}}
    assert records.measured(record) == "Measured on 2020-01-02 with Python 3.11, uvicorn 1."


def test_the_texts_for_language_models(root: Path) -> None:
    rendered(root)
    (root / "mkdocs.yml").write_text("site_name: Name\nsite_description: What it is.\n")
    (root / "site").mkdir()
    texts(root, root / "site", "https://example.com/")
    index = (root / "site/llms.txt").read_text(encoding="utf-8")
    assert "- [A page](https://example.com/index.md): A page of a test." in index
    assert (root / "site/index.md").read_text(encoding="utf-8").startswith("# A page\n")
    assert "def disconnect_user(" in (root / "site/llms-full.txt").read_text(encoding="utf-8")
