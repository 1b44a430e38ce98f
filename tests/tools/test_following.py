"""What whoever follows a page's Python blocks meets: planted faults, and none on our own pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.following import STARTS, Following, problems

ROOT = Path(__file__).resolve().parents[2]
URLS = "urlpatterns = []\n"
SETTINGS = 'DEBUG = True\nINSTALLED_APPS = ["daphne"]\nOPTIONS = {"A": 1, "B": 2}\n'


class Page:
    """A page of a small checkout: what its blocks show is written as snippets."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.text = ""
        self.blocks = 0
        for name, text in {"urls": URLS, "settings": SETTINGS}.items():
            self._write(f"snippets/project/myproject/{name}.py", text)

    def _write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def say(self, prose: str) -> Page:
        self.text += f"{prose}\n"
        return self

    def show(self, title: str, source: str, language: str = "python") -> Page:
        self.blocks += 1
        name = f"subject/block_{self.blocks}.py"
        self._write(f"snippets/{name}", f"import hidden\n# --8<-- [start:x]\n{source}\n")
        return self.say(f'```{language} title="{title}"\n--8<-- "{name}:x"\n```')

    def follow(self) -> list[str]:
        self._write("docs/page.md", self.text)
        return [str(one) for one in problems(self.root)]

    def left(self, file: str, folder: Path) -> str:
        """Return a file as the page leaves it."""
        self._write("docs/page.md", self.text)
        assert not Following(self.root, self.root / "docs/page.md", folder).problems
        return (folder / file).read_text(encoding="utf-8")


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page(tmp_path / "checkout")


ASGI = "myproject/asgi.py"
SCHEMA = "myproject/schema.py"
CONF = "myproject/settings.py"
DEFINED = "import os\n\napplication = os"


def test_a_part_that_is_titled_as_a_whole_file_is_found(page: Page) -> None:
    page.show(ASGI, "import os\n\ndjango_asgi_app = os\napplication = django_asgi_app")
    page.show(ASGI, "application = [django_asgi_app]")
    assert page.follow() == [
        (
            "docs/page.md:4: as this block leaves myproject/asgi.py nothing gives "
            "'django_asgi_app' where it is used; show its import or definition first, "
            'or write title="myproject/asgi.py (part)"'
        )
    ]
    page.text = page.text.replace(
        'asgi.py"\n--8<-- "subject/block_2', 'asgi.py (part)"\n--8<-- "subject/block_2'
    )
    assert page.follow() == []


@pytest.mark.parametrize(
    ("title", "source"),
    [
        (f"{SCHEMA} (part)", "def f(x: Any) -> None: ..."),
        (f"{SCHEMA} (at the end)", "x = Any"),
    ],
)
def test_a_block_without_its_imports_is_found(page: Page, title: str, source: str) -> None:
    page.show(SCHEMA, "schema = 1").show(title, source)
    (found,) = page.follow()
    assert "docs/page.md:4: as this block leaves myproject/schema.py nothing gives 'Any'" in found
    assert found.endswith("; show its import or definition first")


def test_what_comes_later_on_the_page_is_too_late(page: Page) -> None:
    page.show(SCHEMA, "schema = Query").show(f"{SCHEMA} (at the end)", "class Query: ...")
    (found,) = page.follow()
    assert "nothing gives 'Query' where it is used" in found


def test_a_name_is_told_once(page: Page) -> None:
    page.show(SCHEMA, "schema = Query").show(f"{SCHEMA} (at the end)", "x = 1")
    assert len(page.follow()) == 1


def test_whole_settings_that_are_a_part_are_found(page: Page) -> None:
    page.show(CONF, "DEBUG = False")
    assert page.follow() == [
        (
            "docs/page.md:1: as this block leaves myproject/settings.py it has no INSTALLED_APPS; "
            'show it too, or write title="myproject/settings.py (part)"'
        )
    ]


def test_a_name_that_is_given_again_at_the_end_is_found(page: Page) -> None:
    page.show(f"{CONF} (at the end)", 'OPTIONS = {"C": 3}')
    assert page.follow() == [
        (
            "docs/page.md:1: myproject/settings.py has 'OPTIONS', and what is put at the end gives "
            'it again; write "(part)", or say "Take out the `OPTIONS` that you have"'
        )
    ]


@pytest.mark.parametrize("kind", ["class One: ...", "def One(): ..."])
def test_so_is_a_class_or_a_function(page: Page, kind: str) -> None:
    page.show(SCHEMA, "class One: ...").show(f"{SCHEMA} (at the end)", kind)
    (found,) = page.follow()
    assert "myproject/schema.py has 'One'" in found


@pytest.mark.parametrize(
    "more", ['INSTALLED_APPS += ["chat"]', "INSTALLED_APPS = [*INSTALLED_APPS]"]
)
def test_what_is_built_upon_is_not_given_again(page: Page, more: str) -> None:
    assert page.show(f"{CONF} (at the end)", more).follow() == []


def test_what_the_reader_takes_out_may_come_at_the_end(page: Page, tmp_path: Path) -> None:
    page.show(SCHEMA, "import os\nschema = (\n    os\n)\nx = 1")
    page.say("Take out the `schema` that you have, and put this one below:")
    page.show(f"{SCHEMA} (at the end)", "class Query: ...\nschema = Query")
    left = page.left(SCHEMA, tmp_path)
    assert " ".join(left.split()) == "import os x = 1 class Query: ... schema = Query"


def test_what_is_not_there_cannot_be_taken_out(page: Page) -> None:
    page.say("Take out the `nothing` that you have.").show(f"{CONF} (part)", "DEBUG = False")
    (found,) = page.follow()
    assert "myproject/settings.py has no 'nothing' to take out" in found


def test_a_part_that_loses_the_keys_of_an_earlier_one_is_found(page: Page) -> None:
    page.show(f"{CONF} (part)", 'OPTIONS = {"B": 3, "C": 4}')
    assert page.follow() == [
        (
            "docs/page.md:1: the OPTIONS of this part takes the place of one with 'A'; "
            'show one dictionary, or say "add its keys to those you have" above'
        )
    ]


def test_who_adds_the_keys_has_them_all(page: Page, tmp_path: Path) -> None:
    page.say("Where a part gives it again, add its keys to those you have.")
    page.show(f"{CONF} (part)", 'OPTIONS = {"B": 3, "C": 4}').show(
        f"{CONF} (part)", 'OPTIONS = {"D": 5}'
    )
    found: dict[str, object] = {}
    exec(page.left(CONF, tmp_path), found)
    assert found["OPTIONS"] == {"A": 1, "B": 3, "C": 4, "D": 5}


def test_a_part_of_what_is_not_there_is_found(page: Page) -> None:
    page.show("myproject/hooks.py (part)", "x = 1")
    assert page.follow() == [
        (
            "docs/page.md:1: nothing before this block makes myproject/hooks.py; "
            "show the file, or drop the brackets"
        )
    ]


def test_a_block_that_is_not_whole_is_found(page: Page) -> None:
    page.show(f"{CONF} (part)", "OPTIONS = {")
    (found,) = page.follow()
    assert "docs/page.md:1: this block and myproject/settings.py make no Python" in found


def test_what_is_undone_is_there_no_more(page: Page, tmp_path: Path) -> None:
    page.say("## A chapter").show(f"{CONF} (part)", "DEBUG = 1")
    page.say("### An example").show(f"{CONF} (part)", "DEBUG = 2")
    page.say("The rest of this page does without this example.")
    assert "DEBUG = 1\n" in page.left(CONF, tmp_path)


def test_nothing_to_undo_is_found(page: Page) -> None:
    page.show(f"{CONF} (part)", "DEBUG = 1")
    page.say("## A chapter").say("The rest of this page does without these.")
    (found,) = page.follow()
    assert "there is nothing to undo under this heading" in found


def test_only_python_with_a_file_in_its_title_is_followed(page: Page) -> None:
    page.show("In your schema", "x = y").show("src/chat.js", "let x = y;", "javascript")
    assert page.follow() == []


def test_settings_that_build_on_others_are_looked_up(page: Page) -> None:
    page.show("myproject/more.py", "from myproject.settings import *\nx = OPTIONS\ny = NONE")
    (found,) = page.follow()
    assert "'NONE'" in found


def test_whoever_follows_our_pages_meets_no_fault() -> None:
    assert [str(one) for one in problems(ROOT)] == []


def test_each_start_is_of_a_page_and_of_subjects() -> None:
    for name, subjects in STARTS.items():
        assert (ROOT / "docs" / name).is_file()
        assert all((ROOT / "snippets" / subject).is_dir() for subject in subjects)


SECURITY = "docs/guide/security.md"
TAKE_OUT = "Take out the `schema` that you have, and put this one below what it names:"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("asgi.py (part)", "asgi.py", "nothing gives 'django_asgi_app'"),
        ('--8<-- "security/myproject/schema.py:imports"\n', "", "nothing gives 'AsyncGenerator'"),
        ("settings.py (part)", "settings.py (at the end)", "gives it again"),
        ("settings.py (part)", "settings.py", "has no INSTALLED_APPS"),
        ("add its keys to those you have", "see there", "takes the place of one with"),
        ("Take out the `schema` that you have", "See above", "schema.py has 'schema'"),
        (
            f'{TAKE_OUT}\n\n```python title="myproject/schema.py (at the end)"',
            '\n\n```python title="myproject/schema.py (part)"',
            "nothing gives 'Subscription'",
        ),
    ],
)
def test_a_fault_in_the_security_page_is_found(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    text = (ROOT / SECURITY).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "snippets").symlink_to(ROOT / "snippets")
    copy = tmp_path / SECURITY
    copy.parent.mkdir(parents=True)
    copy.write_text(text.replace(old, new), encoding="utf-8")
    assert any(problem in str(one) for one in problems(tmp_path))
