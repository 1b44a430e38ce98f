from __future__ import annotations

from django.core.checks import ERROR, WARNING

from strawberry_django.realtime.checks.catalogue import found


def test_a_message_has_the_level_that_its_number_says() -> None:
    assert found("E001", "unset").level == ERROR
    assert found("W001", "missing").level == WARNING


def test_a_message_has_what_was_found_and_the_id() -> None:
    message = found("E001", "ASGI_APPLICATION is None.")
    assert message.msg == "ASGI_APPLICATION is None."
    assert message.id == "strawberry_django_realtime.E001"


def test_the_hint_prints_the_snippet_and_names_the_guide() -> None:
    lines = str(found("E001", "unset").hint).split("\n")
    assert lines[0] == "Name the ASGI application in the settings."
    assert '\t    ASGI_APPLICATION = "myproject.asgi.application"' in lines
    assert lines[-2:] == [
        "\tSnippet: settings/myproject/settings.py#asgi_application",
        "\tGuide: integrations/channels/#2-configure-asgi-application",
    ]
    assert not any("8<" in line or "(hl)" in line for line in lines)
    assert all(line == line.rstrip() for line in lines)
