"""Each recorded answer is what the same run gives now."""

from __future__ import annotations

import pytest

from tools.harness import live
from tools.harness.projects import SNIPPETS
from tools.recording import Recorder
from tools.scenarios import Scenario

RECORDER = Recorder(live.ROOT)


@pytest.mark.parametrize("scenario", RECORDER.scenarios, ids=lambda one: one.name)
def test_what_a_page_shows_is_what_comes(scenario: Scenario) -> None:
    for target, text in RECORDER.produce(scenario).items():
        kept = (SNIPPETS / target).read_text(encoding="utf-8")
        assert text.splitlines() == kept.splitlines()
