"""What a reader makes of a page's HTML, and of a block whose title names a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.reader import files, page, settings
from tools.reader.terminal import Terminal, passwords

PAGE = """
<p>Outside</p><article><h1 id="a">Guide<a class="headerlink" href="#a">¶</a></h1>
<h2>First</h2>
<p>Open <a href="http://127.0.0.1:8000/">it</a>:</p>
<div class="tabbed-set"><input type="radio"><div class="tabbed-labels"><label>pip</label><label>uv</label></div>
<div class="tabbed-content">
<div class="tabbed-block"><div class="language-bash highlight"><pre><span></span><code>pip\n</code></pre></div></div>
<div class="tabbed-block"><div class="language-bash highlight"><pre><span></span><code>uv\n</code></pre></div></div>
</div></div>
<ul><li>One<ul><li>Two</li></ul></li></ul>
<h2>Second</h2>
<div class="language-python highlight" data-snippet="secret"><span class="filename">a/b.py</span><pre><span></span><code><span class="n">x</span> = &lt;1&gt;\n</code></pre></div>
<div class="language-frames frames highlight"><pre><code><span class="frame frame--client">{}\n</span><span class="frame frame--server">[]\n</span></code></pre></div>
</article><p>Outside</p>
"""  # noqa: E501


@pytest.fixture
def items(tmp_path: Path) -> list[page.Item]:
    path = tmp_path / "index.html"
    path.write_text(PAGE, encoding="utf-8")
    return page.read(path)


def test_a_page_is_its_prose_and_blocks_under_their_headings(items: list[page.Item]) -> None:
    assert [(one.kind, one.title, one.text, one.headings) for one in items] == [
        ("prose", "", "Open it:", ("Guide", "First")),
        ("bash", "", "pip\n", ("Guide", "First")),
        ("bash", "", "uv\n", ("Guide", "First")),
        ("prose", "", "One", ("Guide", "First")),
        ("prose", "", "Two", ("Guide", "First")),
        ("python", "a/b.py", "x = <1>\n", ("Guide", "Second")),
        ("frames", "", "{}\n[]\n", ("Guide", "Second")),
    ]
    assert items[0].links == ("http://127.0.0.1:8000/",)
    assert items[-1].frames == (("client", "{}"), ("server", "[]"))
    assert "secret" not in repr(items)


def test_a_reader_takes_one_alternative_or_looks_at_all(items: list[page.Item]) -> None:
    commands = [one for one in items if one.kind == "bash"]
    assert [one.text for one in commands if one.is_for(["uv", "Redis"])] == ["uv\n"]
    assert len([one for one in commands if one.is_for(["Redis"])]) == 2


def test_a_section_that_is_not_there_is_an_error(items: list[page.Item]) -> None:
    assert len(page.section(items, "Second")) == 2
    with pytest.raises(LookupError, match="Third"):
        page.section(items, "Third")


def test_a_title_alone_replaces_the_file_and_an_end_is_added(tmp_path: Path) -> None:
    files.write(tmp_path, "a/b.py", "x = 1\n")
    files.write(tmp_path, "a/b.py", "y = 2\n")
    files.write(tmp_path, "a/b.py (at the end)", "x = 3\n")
    assert (tmp_path / "a/b.py").read_text() == "y = 2\n\n\nx = 3\n"


@pytest.mark.parametrize("how", ["part", "at the end"])
def test_nothing_is_added_to_a_file_that_is_not_there(tmp_path: Path, how: str) -> None:
    with pytest.raises(FileNotFoundError):
        files.write(tmp_path, f"a/b.py ({how})", "x = 1\n")


def test_a_part_takes_the_place_of_what_has_its_names(tmp_path: Path) -> None:
    before = "import os\n\nX = [\n    1,\n]\n\n\n@first\nclass A:\n    pass\n\n\nZ = 1\n"
    part = "import os\nimport sys\n\nX: list = []\nY = 2\n\n\n@second\nclass A:\n    b = 1\n"
    assert files.merge(before, part) == (
        "import os\nimport sys\n\nX: list = []\n\n\n"
        "@second\nclass A:\n    b = 1\n\n\nZ = 1\nY = 2\n"
    )


def test_the_passwords_are_those_of_the_commands() -> None:
    assert passwords(
        "DJANGO_SUPERUSER_PASSWORD=one python manage.py createsuperuser \\\n  --username ada\n"
        "User.objects.create_user('grace', password='two')\n"
    ) == {"ada": "one", "grace": "two"}


def test_a_new_window_forgets_what_was_exported_and_keeps_the_environment(tmp_path: Path) -> None:
    terminal = Terminal.open(tmp_path / "home", tmp_path, tmp_path / "constraints.txt", MORE="1")
    (tmp_path / "constraints.txt").touch()
    terminal.run("mkdir here\ncd here\nexport WORD=hello\nexport VIRTUAL_ENV=$PWD/.venv")
    terminal.run('echo "$WORD $MORE"')
    assert terminal.output == "hello 1\n"
    terminal.new_window()
    terminal.run('echo "${WORD:-nothing} $MORE $VIRTUAL_ENV"')
    assert terminal.output == f"nothing 1 {tmp_path}/home/here/.venv\n"


APPS = 'INSTALLED_APPS = [\n    "daphne",\n    "django.contrib.staticfiles",\n]\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_daphne_is_last_for_the_length_of_the_block(tmp_path: Path) -> None:
    path = written(tmp_path, APPS)
    with settings.daphne_last(path):
        assert path.read_text() == (
            'INSTALLED_APPS = [\n    "django.contrib.staticfiles",\n    "daphne",\n]\n'
        )
    assert path.read_text() == APPS
    with pytest.raises(ValueError, match="invalid literal"), settings.daphne_last(path):
        int("what is tried fails")
    assert path.read_text() == APPS


@pytest.mark.parametrize(
    "text", ["", APPS.replace('    "daphne",\n', ""), APPS.replace("INSTALLED_APPS", "APPS")]
)
def test_there_is_no_daphne_to_put_last(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ValueError, match="no daphne in INSTALLED_APPS"), settings.daphne_last(path):
        pass
    assert path.read_text() == text


def test_the_host_that_settings_allow(tmp_path: Path) -> None:
    path = written(tmp_path, 'DEBUG = False\nALLOWED_HOSTS = ["www.example.com"]\n')
    assert settings.allowed_host(path) == "www.example.com"


@pytest.mark.parametrize(
    "text",
    [
        "DEBUG = False\n",
        "ALLOWED_HOSTS = []\n",
        'ALLOWED_HOSTS = ["a.example", "b.example"]\n',
        'ALLOWED_HOSTS = ["a.example"]\nALLOWED_HOSTS = ["b.example"]\n',
    ],
)
def test_settings_that_allow_not_just_one_host(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"one host expected in ALLOWED_HOSTS of settings\.py"):
        settings.allowed_host(written(tmp_path, text))
