"""What breaks in a running server, or on a page in a browser, is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.sites import Sites
from tools.harness.redis import redis_server
from tools.proof import fuzz, site


def test_fuzz_notices_a_hook_that_crashes(tmp_path: Path) -> None:
    with redis_server() as redis:
        sites = Sites(tmp_path, redis)
        try:
            with pytest.raises(AssertionError, match="ended with 1011"):
                fuzz.throw_frames(sites.get("uvicorn", "memory"), 20, "/failing")
        finally:
            sites.close()


def test_a_console_error_and_a_missing_file_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "<!doctype html><title>A page</title><img src=missing.png><script>nothing()</script>"
    (tmp_path / "index.html").write_text(text, encoding="utf-8")
    assert site.main(tmp_path) == 1
    said = capsys.readouterr().out
    assert "index.html at 360 px: nothing is not defined" in said
    assert "404: " in said


def test_a_site_that_is_not_there_is_no_good_site(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.main(tmp_path / "site") == 2
    assert "build the site first" in capsys.readouterr().out
