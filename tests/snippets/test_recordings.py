"""Each recorded answer is what the same run gives now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.harness import live
from tools.harness.projects import SNIPPETS
from tools.recording import Recorder
from tools.scenarios import Scenario

RECORDER = Recorder(live.ROOT)


@pytest.mark.parametrize("scenario", RECORDER.scenarios, ids=lambda one: one.name)
def test_what_a_page_shows_is_what_comes(scenario: Scenario, tmp_path: Path) -> None:
    recorder = Recorder(live.ROOT)
    recorder.cache = tmp_path
    (outcome,) = recorder.run([scenario], fresh=True)
    assert not outcome.error, outcome.error.strip().splitlines()[-1]
    for target, text in outcome.texts.items():
        kept = (SNIPPETS / target).read_text(encoding="utf-8")
        assert text.splitlines() == kept.splitlines()
