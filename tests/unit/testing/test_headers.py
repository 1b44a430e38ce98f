from __future__ import annotations

from django.test import Client

from strawberry_django.realtime.testing.headers import HOST, SAME_AS_HOST, browser_headers


def test_a_browser_sends_host_and_origin() -> None:
    headers = browser_headers([], None, HOST, SAME_AS_HOST)
    assert headers == [(b"host", b"testserver"), (b"origin", b"http://testserver")]


def test_the_origin_may_be_spelled_out() -> None:
    spelled = "-".join(SAME_AS_HOST.split()).replace("-", " ")
    headers = browser_headers([], None, "example.com", spelled)
    assert headers == [(b"host", b"example.com"), (b"origin", b"http://example.com")]


def test_a_client_that_is_no_browser_sends_no_origin() -> None:
    assert browser_headers([], None, "example.com", None) == [(b"host", b"example.com")]


def test_the_cookies_of_a_client_are_sent() -> None:
    client = Client()
    client.cookies["sessionid"] = "abc"
    client.cookies["theme"] = "dark blue"
    headers = dict(browser_headers([], client, HOST, None))
    assert headers[b"cookie"] == b'sessionid=abc; theme="dark blue"'


def test_given_headers_come_last_and_replace_ours() -> None:
    client = Client()
    client.cookies["sessionid"] = "abc"
    given = [(b"Origin", b"https://app.example.com"), (b"cookie", b"a=b"), (b"x-trace", b"1")]
    headers = browser_headers(given, client, HOST, SAME_AS_HOST)
    assert headers == [(b"host", b"testserver"), *given]
