from __future__ import annotations

from pathlib import Path

import pytest

from tools.check_site import check, main

HEAD = '<head><title>Home</title><meta name="description" content="A site."></head>'
INDEX = f"""\
<!doctype html><html>{HEAD}<body>
<h1 id="home">Home</h1>
<a href="guide/#start">Guide</a> <a href="#home">Top</a> <a href="https://example.com/">Out</a>
<img src="assets/logo.svg" alt=""><script src="assets/app.js"></script>
<div class="highlight" data-snippet="a/b.py"><pre><code>import os</code></pre></div>
</body></html>
"""
GUIDE = f"""\
<!doctype html><html>{HEAD}<body>
<h1 id="start">Start</h1><a href="..">Home</a> <a href="/guide/">Here</a>
</body></html>
"""
CSS = '@font-face { src: url("font.woff2"); } /* url(https://fonts.example.com/x) */\n'


class Site:
    """A small built site without faults."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("index.html", INDEX)
        self.write("guide/index.html", GUIDE)
        self.write("assets/app.js", "")
        self.write("assets/logo.svg", "<svg/>")
        self.write("assets/site.css", CSS)
        self.write("assets/font.woff2", "")

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def add(self, html: str) -> None:
        self.write("index.html", INDEX.replace("</body>", f"{html}\n</body>"))

    def problems(self, address: str = "") -> list[str]:
        return [str(problem) for problem in check(self.root, address)]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


def test_a_site_without_faults_has_no_problems(site: Site) -> None:
    assert site.problems() == []


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        pytest.param(
            '<a href="nowhere/">x</a>', "<a> 'nowhere/': there is no nowhere", id="broken link"
        ),
        pytest.param(
            '<a href="guide/#end">x</a>',
            "<a> 'guide/#end': guide/index.html has no anchor 'end'",
            id="broken anchor",
        ),
        pytest.param(
            '<a href="#end">x</a>',
            "<a> '#end': index.html has no anchor 'end'",
            id="broken anchor on the page",
        ),
        pytest.param(
            '<a href="../other/">x</a>', "<a> '../other/': there is no other", id="above the site"
        ),
        pytest.param(
            '<img src="assets/none.png">',
            "<img> 'assets/none.png': there is no assets/none.png",
            id="missing image",
        ),
        pytest.param(
            '<img srcset="assets/logo.svg 1x, assets/none.png 2x">',
            "<img> 'assets/none.png': there is no assets/none.png",
            id="missing image of a set",
        ),
        pytest.param(
            '<video poster="none.png"></video>',
            "<video> 'none.png': there is no none.png",
            id="raw HTML",
        ),
        pytest.param(
            '<p style="background: url(none.png)">',
            "<p> 'none.png': there is no none.png",
            id="style attribute",
        ),
        pytest.param(
            '<script src="https://cdn.example.com/x.js"></script>',
            "<script> loads https://cdn.example.com/x.js from another host",
            id="external script",
        ),
        pytest.param(
            '<link rel="stylesheet" href="//fonts.example.com/x">',
            "<link> loads //fonts.example.com/x from another host",
            id="external style",
        ),
        pytest.param(
            '<link rel="preconnect" href="https://fonts.example.com">',
            "<link> loads https://fonts.example.com from another host",
            id="connection to another host",
        ),
        pytest.param(
            '<img src="https://example.com/badge.svg">',
            "<img> loads https://example.com/badge.svg from another host",
            id="external image",
        ),
        pytest.param(
            '<a href="javascript:alert(1)">x</a>',
            "script in a link 'javascript:alert(1)'",
            id="script in a link",
        ),
        pytest.param("<p>--8&lt;-- x</p>", "unprocessed snippet notation '--8<--'", id="include"),
        pytest.param(
            "<p># --8&lt;-- [end:x]</p>", "unprocessed snippet notation '[end:x]'", id="marker"
        ),
        pytest.param("<p>x  # (hl)</p>", "unprocessed snippet notation '# (hl)'", id="highlight"),
        pytest.param('<p id="home">', "the id 'home' is used twice", id="doubled id"),
        pytest.param("<pre>import os</pre>", "code that no snippet gave", id="typed-in code"),
    ],
)
def test_a_fault_on_a_page_is_found(site: Site, html: str, problem: str) -> None:
    site.add(html)
    place = "site/index.html:6: "
    assert any(found.startswith(place + problem) for found in site.problems()), site.problems()


@pytest.mark.parametrize(
    "html",
    [
        '<a href="mailto:ada@example.com">x</a>',
        '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
        '<link rel="canonical" href="https://example.com/">',
        '<form action="https://example.com/"></form>',
        '<a href="guide/index.html#start">x</a>',
        '<a href="?q=x">x</a>',
        '<a href="%67uide/">x</a>',
    ],
)
def test_what_leads_somewhere_passes(site: Site, html: str) -> None:
    site.add(html)
    assert site.problems() == []


@pytest.mark.parametrize(
    ("css", "problem"),
    [
        ("p { background: url(none.png) }", "<css> 'none.png': there is no assets/none.png"),
        ('@import "https://fonts.example.com/x";', "<css> loads https://fonts.example.com/x from"),
    ],
)
def test_a_fault_in_a_style_is_found(site: Site, css: str, problem: str) -> None:
    site.write("assets/site.css", f"\n{css}\n")
    (found,) = site.problems()
    assert found.startswith(f"site/assets/site.css:2: {problem}")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("<title>Home</title>", "", "no title; give the page one"),
        ('content="A site."', 'content=""', "no description; give the page one"),
    ],
)
def test_a_page_says_what_it_is(site: Site, old: str, new: str, problem: str) -> None:
    site.write("guide/index.html", GUIDE.replace(old, new))
    (found,) = site.problems()
    assert found.startswith(f"site/guide/index.html:1: {problem}")


def test_the_page_for_what_is_not_found_needs_no_description(site: Site) -> None:
    site.write("404.html", GUIDE.replace('content="A site."', 'content=""').replace("..", "/"))
    assert site.problems() == []


def test_signatures_of_the_reference_need_no_snippet(site: Site) -> None:
    site.add('<div class="doc-signature highlight"><pre><code>f(x)</code></pre></div>')
    assert site.problems() == []


def test_a_site_below_a_path_stays_there(site: Site) -> None:
    site.write("guide/index.html", GUIDE.replace("/guide/", "/docs/guide/"))
    assert site.problems("https://example.com/docs/") == []
    site.add('<img src="https://example.com/docs/assets/none.png">')
    (found,) = site.problems("https://example.com/docs/")
    assert "there is no assets/none.png" in found
    site.add('<a href="/elsewhere/">x</a>')
    (found,) = site.problems("https://example.com/docs/")
    assert "it leads out of the site" in found


def test_the_command_prints_problems_and_fails(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(site.root)]) == 0
    assert capsys.readouterr().out == "2 pages, 8 references, 0 problems\n"
    site.add('<img src="none.png">')
    assert main([str(site.root)]) == 1
    assert "site/index.html:6: <img> 'none.png': there is no none.png" in capsys.readouterr().out


def test_a_folder_without_a_site_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert "no page here; build the site first" in capsys.readouterr().out
