from __future__ import annotations

import pytest
from django.test import override_settings

from strawberry_django.realtime.checks.settings import check_allowed_hosts, in_production
from tests.faults import numbers


@override_settings(DEBUG=False, ALLOWED_HOSTS=[])
def test_nobody_is_let_in_without_hosts() -> None:
    [message] = check_allowed_hosts()
    assert message.id == "strawberry_django_realtime.E009"
    assert "ALLOWED_HOSTS is empty and DEBUG is False" in message.msg
    assert 'ALLOWED_HOSTS = ["www.example.com"]' in str(message.hint)


@override_settings(DEBUG=False, ALLOWED_HOSTS=["*"])
def test_a_star_lets_every_origin_in() -> None:
    assert numbers(check_allowed_hosts()) == ["W011"]


@pytest.mark.parametrize(
    "host", ["https://example.com", "example.com:8000", "example.com/chat", "[::1]:8000", ""]
)
def test_an_entry_that_is_no_host_name_matches_nothing(host: str) -> None:
    with override_settings(DEBUG=True, ALLOWED_HOSTS=[host]):
        [message] = check_allowed_hosts()
    assert message.id == "strawberry_django_realtime.W012"
    assert repr(host) in message.msg


@override_settings(DEBUG=False, ALLOWED_HOSTS=["example.com", ".example.org", "10.0.0.1", "[::1]"])
def test_host_names_are_what_is_asked_for() -> None:
    assert check_allowed_hosts() == []


@override_settings(DEBUG=True, ALLOWED_HOSTS=[])
def test_development_needs_no_hosts() -> None:
    assert check_allowed_hosts() == []
    assert not in_production()


@override_settings(DEBUG=False, ALLOWED_HOSTS=["*", "testserver"])
def test_a_test_run_is_no_production() -> None:
    assert check_allowed_hosts() == []
