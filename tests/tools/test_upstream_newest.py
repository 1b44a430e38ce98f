"""What is newer than what is tried is told, with who holds it back, and npm installs the newest."""

from __future__ import annotations

import functools
import html
import json
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.live.clients import node
from tools.harness import live
from tools.matrix import cells
from tools.upstream import newest
from tools.upstream.newest import (
    COMPATIBILITY,
    RELEASES,
    Held,
    ask,
    held,
    new_django,
    packages,
    versions,
)

Release = Callable[..., None]
INSTALLERS = {"pip": newest._by_pip, "uv": newest._by_uv}


def test_versions_are_those_that_differ() -> None:
    django = version("Django")
    pins = f"""\
channels==1.0 ; python_full_version < '3'
channels=={version("channels")} ; python_full_version >= '3'
django==1.0
not-installed-anywhere==3
"""
    assert versions(pins) == {"django": ("1.0", django)}


def metadata(name: str, number: str, *more: str) -> str:
    return "\n".join(["Metadata-Version: 2.1", f"Name: {name}", f"Version: {number}", *more, ""])


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing of it."""

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """The address of an index of our own."""
    folder = tmp_path / "index"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(params=INSTALLERS)
def release(
    request: pytest.FixtureRequest, tmp_path: Path, index: str, monkeypatch: pytest.MonkeyPatch
) -> Release:
    """Add a release to that index, which pip and uv are told to take for theirs."""
    if find_spec(request.param) is None:
        pytest.skip(f"NOT TESTED, {request.param} is not installed here")
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    environment = {"PIP_INDEX_URL": index, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}
    environment |= {"UV_DEFAULT_INDEX": index, "UV_NO_CONFIG": "1", "UV_NO_CACHE": "1"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(newest, "_by_pip", INSTALLERS[request.param])
    monkeypatch.setattr(newest, "_by_uv", INSTALLERS[request.param])

    def add(name: str, number: str, python: str = ">=3.10") -> None:
        folder = tmp_path / "index" / canonicalize_name(name)
        folder.mkdir(exist_ok=True)
        wheel, inside = f"{name}-{number}-py3-none-any.whl", f"{name}-{number}.dist-info"
        with zipfile.ZipFile(folder / wheel, "w") as file:
            told = metadata(name, number, f"Requires-Python: {python}")
            file.writestr(f"{inside}/METADATA", told)
            file.writestr(f"{inside}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            file.writestr(f"{inside}/RECORD", "")
        with (folder / "index.html").open("a", encoding="utf-8") as page:
            takes = html.escape(python)
            page.write(f'<a href="{wheel}" data-requires-python="{takes}">{wheel}</a>\n')

    return add


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have a distribution that this Python finds."""
    monkeypatch.syspath_prepend(str(tmp_path / "installed"))

    def add(name: str, number: str, *requires: str) -> None:
        folder = tmp_path / "installed" / f"{name}-{number}.dist-info"
        folder.mkdir(parents=True)
        text = metadata(name, number, *(f"Requires-Dist: {one}" for one in requires))
        (folder / "METADATA").write_text(text, encoding="utf-8")

    return add


def test_the_newest_is_told_whatever_others_ask_for(release: Release) -> None:
    for number in ("1.0", "1.1", "2.0a1"):
        release("planted", number)
    release("planted", "3.0", python=">=3.99")
    release("other", "7")
    assert ask(["planted", "other"]) == {"planted": Version("1.1"), "other": Version("7")}
    assert ask(["planted>=0.dev0"]) == {"planted": Version("2.0a1")}
    assert ask(["planted"], any_python=True) == {"planted": Version("3.0")}


def test_an_index_that_does_not_tell_is_an_error(release: Release) -> None:
    with pytest.raises(RuntimeError, match=r"could not ask the index:\n(?s:.*)planted"):
        ask(["planted"])


def test_what_something_holds_back_is_told(release: Release, install: Release) -> None:
    """A newest that another distribution does not take, one that has no excuse, and none."""
    for name in ("capped", "free", "tried"):
        release(name, "1.0")
    for name in ("capped", "free"):
        release(name, "2.0")
        install(name, "1.0")
    install("tried", "1.0")
    install("greedy", "1", "capped<2", "tried", "free", "capped<1.5; extra == 'more'")
    install("Its.Own", "1", "capped!=2.0; extra == 'asked'", "capped<2; python_version < '3'")
    told = "2.0 is the newest, tried was 1.0"
    assert held(["capped", "free", "tried"]) == [
        Held(f"capped: {told} (greedy asks for `<2`)", counts=True),
        Held(f"free: {told} (nothing that is installed says why)", counts=True),
    ]
    release("its_own", "1")
    (first, _) = held(["capped", "free", "its-own[asked]"])
    assert first.says.endswith("(greedy asks for `<2`, its-own asks for `!=2.0`)")
    assert held([]) == []


def test_a_pre_release_that_is_held_back_is_told_and_does_not_count(
    release: Release, install: Release
) -> None:
    release("capped", "2.0rc1")
    install("capped", "1.0")
    install("greedy", "1", "capped<2")
    said = "capped: 2.0rc1 is the newest, tried was 1.0 (greedy asks for `<2`)"
    assert held(["capped"]) == [Held(said, counts=False)]


@pytest.mark.parametrize("last", [True, False])
def test_what_this_python_is_too_old_for_counts_where_there_is_no_newer_one(
    release: Release, install: Release, monkeypatch: pytest.MonkeyPatch, last: bool
) -> None:
    release("planted", "1.0")
    release("planted", "2.0", python=">=3.99")
    install("planted", "1.0")
    this = cells.this_python()
    monkeypatch.setattr(newest, "PYTHONS", ("3.9", this) if last else (this, "3.99"))
    said = f"planted: 2.0 is the newest, tried was 1.0 (Python {this} is too old for it)"
    assert held(["planted"]) == [Held(said, counts=last)]


def test_a_release_of_django_that_the_matrix_leaves_out_names_the_line(release: Release) -> None:
    known = [*cells.DJANGOS][-1]
    release("django", f"{known}.7", python=">=3.99")
    release("django", "99.0b1")
    assert new_django(live.ROOT) == []
    release("django", "98.2.1", python=">=3.99")
    (told,) = new_django(live.ROOT)
    page = (live.ROOT / COMPATIBILITY).read_text(encoding="utf-8").splitlines()
    (line,) = [number for number, text in enumerate(page, 1) if RELEASES in text]
    assert told == (
        f"{COMPATIBILITY}:{line}: '{RELEASES}' leaves out Django 98.2; "
        f"DJANGOS in tools/matrix/cells.py ends with {known}"
    )


def test_the_session_asks_for_the_newest_of_what_it_names() -> None:
    noxfile = (live.ROOT / "noxfile.py").read_text(encoding="utf-8")
    assert 'wanted = [f"--newest={name}" for name in UPSTREAM]' in noxfile
    assert f'session.env["{node.NEWEST}"]' in noxfile


def test_npm_installs_the_newest_where_it_is_asked_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock file of last year's, against the registry."""
    node.command("npm")
    locked = tmp_path / "locked"
    locked.mkdir()
    manifest = {"name": "planted", "private": True, "dependencies": {"graphql-sse": "2.5.3"}}
    lock = {"": manifest, "node_modules/graphql-sse": {"version": "2.5.3"}}
    for name, content in (("package.json", manifest), ("package-lock.json", {"packages": lock})):
        (locked / name).write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.delenv(node.NEWEST, raising=False)
    assert packages(locked) == {}
    monkeypatch.setenv(node.NEWEST, str(tmp_path / "newest"))
    old, tried = packages(locked)["graphql-sse (npm)"]
    assert old == "2.5.3"
    assert Version(tried) > Version(old)
    assert node.packages(locked).parent == tmp_path / "newest"


def test_npm_that_cannot_install_is_left_to_the_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.command("npm")
    monkeypatch.setenv(node.NEWEST, str(tmp_path / "newest"))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    assert packages() == {}
    with pytest.raises(AssertionError, match=r"127\.0\.0\.1:1"):
        node.packages()
