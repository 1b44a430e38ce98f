"""`nox -s demo`: the tutorial's chat, as two people in real browsers see it."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import chat_page, chromium, say
from tools import demo
from tools.harness import live, processes

READY = "Ctrl-C ends the demo."


@pytest.fixture(scope="module")
def port() -> int:
    return processes.free_port()


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo makes its folder."""
    return tmp_path_factory.mktemp("temporary")


@contextlib.contextmanager
def start(port: int, temporary: Path) -> Iterator[processes.Process]:
    """Run the demo as its nox session does."""
    command = [sys.executable, "-m", "tools.demo", "--port", str(port)]
    env = {**live.environment(), "TMPDIR": str(temporary)}
    with processes.running("demo", command, cwd=live.ROOT, env=env) as process:
        yield process


@pytest.fixture(scope="module")
def running_demo(port: int, temporary: Path) -> Iterator[processes.Process]:
    with start(port, temporary) as process:
        process.wait_until(lambda: READY in process.log(), seconds=90)
        yield process


@pytest.fixture(scope="module")
def browser(running_demo: processes.Process) -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def ada(browser: Browser, port: int) -> Page:
    return enter(browser, port, "ada")


@pytest.fixture(scope="module")
def grace(browser: Browser, port: int) -> Page:
    return enter(browser, port, "grace")


def enter(browser: Browser, port: int, username: str) -> Page:
    url = f"http://{processes.HOST}:{port}"
    return chat_page(browser, url, username, demo.USERS[username])


def messages(page: Page) -> list[str]:
    return page.locator("#messages li p").all_inner_texts()


def test_it_says_where_it_is_and_who_can_log_in(running_demo: processes.Process, port: int) -> None:
    said = running_demo.log()
    assert f"http://127.0.0.1:{port}/\n" in said
    assert f"http://127.0.0.1:{port}/graphql\n" in said
    for username, password in demo.USERS.items():
        assert f"{username}, password {password}" in said


def test_ada_and_grace_see_each_other_live(ada: Page, grace: Page) -> None:
    say(ada, "Hello, Grace!")
    for page in (ada, grace):
        expect(page.locator("#messages")).to_contain_text("Hello, Grace!")
    say(grace, "Hello, Ada!")
    for page in (ada, grace):
        expect(page.locator("#messages li").last).to_contain_text("Hello, Ada!")
    assert messages(ada) == messages(grace) == ["Hello, Grace!", "Hello, Ada!"]
    expect(ada.locator("#messages li.mine")).to_have_count(1)
    expect(ada.get_by_label("Message", exact=True)).to_have_value("")


def test_what_was_said_is_there_after_a_reload(ada: Page, grace: Page) -> None:
    say(ada, "Do you keep this?")
    expect(grace.locator("#messages")).to_contain_text("Do you keep this?")
    before = messages(grace)
    grace.reload()
    expect(grace.locator("#messages li")).to_have_count(len(before))
    assert messages(grace) == before


def test_another_room_hears_nothing_of_it(ada: Page, grace: Page) -> None:
    grace.goto("/chat/library/")
    expect(grace.get_by_role("status")).to_have_text("Live")
    say(ada, "Only for the lobby.")
    say(grace, "Quiet here.")
    expect(grace.locator("#messages li")).to_have_count(1)
    assert messages(grace) == ["Quiet here."]
    expect(ada.locator("#messages")).to_contain_text("Only for the lobby.")
    assert "Quiet here." not in messages(ada)
    grace.goto("/")


def test_markup_is_shown_as_text(ada: Page, grace: Page) -> None:
    expect(grace.get_by_role("status")).to_have_text("Live")
    text = "<img src=x onerror=document.title='owned'> & <b>bold</b>"
    say(ada, text)
    expect(grace.locator("#messages li p").last).to_have_text(text)
    assert grace.title() == "lobby · Chat"


def test_nothing_is_loaded_from_another_host(browser: Browser, port: int) -> None:
    hosts: set[str] = set()
    complaints: list[str] = []
    page = browser.new_context(base_url=f"http://{processes.HOST}:{port}").new_page()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(demo.USERS["ada"])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("status")).to_have_text("Live")
    assert hosts - {""} == {f"{processes.HOST}:{port}"}
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1200])
def test_the_page_fits_and_can_be_read(ada: Page, scheme: str, width: int) -> None:
    ada.set_viewport_size({"width": width, "height": 640})
    ada.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    assert ada.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for selector in ("body", "#messages li.mine p", "#messages time", "#status", "#send button"):
        assert contrast(ada, selector) >= 4.5, selector


CONTRAST = """
(element) => {
  const rgb = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = rgb(color).map((part) => {
      part /= 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let behind = element;
  while (rgb(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
  const pair = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor];
  const [dark, bright] = pair.map(light).sort((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
}
"""


def contrast(page: Page, selector: str) -> float:
    """Return the contrast of an element's text (WCAG 2, success criterion 1.4.3)."""
    ratio: float = page.locator(selector).first.evaluate(CONTRAST)
    return ratio


def test_after_a_log_out_elsewhere_the_page_says_that_nothing_was_sent(
    browser: Browser, port: int, running_demo: processes.Process
) -> None:
    page = enter(browser, port, "ada")
    page.context.clear_cookies()
    say(page, "Am I still here?")
    expect(page.get_by_role("status")).to_have_text("Not sent. Log in first.")
    expect(page.get_by_label("Message", exact=True)).to_have_value("Am I still here?")
    assert "Traceback" not in running_demo.log()


def test_the_explorer_is_there(running_demo: processes.Process, port: int) -> None:
    url = f"http://{processes.HOST}:{port}/graphql"
    answer = httpx.get(url, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_a_port_that_is_taken_is_refused(running_demo: processes.Process, port: int) -> None:
    with pytest.raises(SystemExit, match=f"port {port} already"):
        demo.choose_port(port)


def test_the_port_is_8000_or_a_free_one() -> None:
    chosen = demo.choose_port(None)
    assert chosen == demo.PORT or processes.accepts(demo.PORT)
    assert not processes.accepts(chosen)
    assert demo.choose_port(0) not in (0, demo.PORT)


def test_it_may_be_ended_while_it_is_built(tmp_path: Path) -> None:
    with start(processes.free_port(), tmp_path) as process:
        process.wait_until(lambda: any(tmp_path.iterdir()))
        process.popen.send_signal(signal.SIGTERM)
        assert_ended(process, tmp_path)


def test_ctrl_c_ends_it_and_leaves_nothing_behind(
    running_demo: processes.Process, port: int, temporary: Path
) -> None:
    assert any(temporary.iterdir())
    running_demo.popen.send_signal(signal.SIGINT)
    assert_ended(running_demo, temporary)
    assert not processes.accepts(port)


def assert_ended(process: processes.Process, temporary: Path) -> None:
    assert process.popen.wait(60) == 0
    assert "The demo has ended." in process.log()
    assert "Traceback" not in process.log()
    assert not any(temporary.iterdir())
