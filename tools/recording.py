"""Recording: find the scenarios, run them, remember their output by what went into it.

The fingerprint of a scenario covers every snippet, the library's sources (of the checkout
and as installed), the harness, what else scenarios import or read, the scenario's module and
every installed version. While it stays the same the output is taken from
``.cache/recordings`` and nothing is run. May import tools.normalise and tools.scenarios.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
import tempfile
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tools.normalise import normalise
from tools.scenarios import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_IGNORED = {"__pycache__", "node_modules", "recorded", ".mypy_cache", ".ruff_cache"}
#: What scenarios import or read besides.
_READ = (
    *("constraints.txt", "tests/live/clients/package-lock.json"),
    *("tools/demo.py", "tools/markers.py"),
)


@dataclass(frozen=True)
class Outcome:
    """What one scenario gave: its texts by target, or the error that ended it."""

    scenario: Scenario
    texts: dict[str, str] = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0
    cached: bool = False


def write_atomically(path: Path, text: str) -> None:
    """Replace a file in one step, so that no other process reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def sources(folder: Path) -> Iterator[Path]:
    """Yield the files under a folder that can change what a run prints."""
    for path in sorted(folder.rglob("*")):
        ignored = _IGNORED & set(path.relative_to(folder).parts)
        if path.is_file() and path.suffix != ".pyc" and not ignored:
            yield path


def _installed_library() -> list[Path]:
    spec = importlib.util.find_spec("strawberry_django")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return [Path(place, name) for place in places for name in ("realtime", "routers")]


class Recorder:
    """The scenarios of one checkout, and the recordings that they keep."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.snippets = root / "snippets"
        self.folder = root / "tools" / "scenarios"
        self.cache = root / ".cache" / "recordings"

    @cached_property
    def scenarios(self) -> list[Scenario]:
        """Load every scenario module; refuse two scenarios for one target."""
        found: list[Scenario] = []
        for path in sorted(self.folder.glob("[!_]*.py")):
            found += self._load(path)
        owners: dict[str, str] = {}
        for one in found:
            for target in one.targets:
                if target in owners:
                    raise ValueError(
                        f"{target} is recorded by both {owners[target]} and {one.name}; "
                        "give one of them another file"
                    )
                owners[target] = one.name
        return found

    def _load(self, path: Path) -> list[Scenario]:
        name = f"tools.scenarios.{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} is not a Python module")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return [one for one in vars(module).values() if isinstance(one, Scenario)]

    def select(self, names: Iterable[str]) -> list[Scenario]:
        """Choose scenarios by name, module, subject or target; all of them for no name."""
        wanted = list(names)
        if not wanted:
            return self.scenarios
        chosen: list[Scenario] = []
        for name in wanted:
            name = name.removeprefix("snippets/").rstrip("/")
            hits = [
                one
                for one in self.scenarios
                if name in (one.name, one.name.partition(".")[0], *one.targets)
                or any(target.startswith(f"{name}/") for target in one.targets)
            ]
            if not hits:
                known = ", ".join(one.name for one in self.scenarios) or "none"
                raise LookupError(f"no scenario is called {name!r}; there are: {known}")
            chosen += [one for one in hits if one not in chosen]
        return chosen

    def orphans(self) -> list[Path]:
        """List the recordings that no scenario makes."""
        made = {self.snippets / target for one in self.scenarios for target in one.targets}
        kept = (path for path in self.snippets.glob("*/recorded/**/*") if path.is_file())
        return sorted(path for path in kept if path not in made and path.name[0] != ".")

    @cached_property
    def _common_inputs(self) -> bytes:
        digest = hashlib.sha256(f"{platform.python_version()} {sys.platform}".encode())
        tools = self.root / "tools"
        files = [
            *sources(self.snippets),
            *sources(self.root / "strawberry_django"),
            *sources(tools / "harness"),
            *sorted(self.folder.glob("_*.py")),
            *(Path(__file__).with_name(name) for name in ("normalise.py", "transcripts.py")),
            *(path for name in _READ if (path := self.root / name).is_file()),
        ]
        for folder in _installed_library():
            files += sources(folder)
        for path in files:
            digest.update(f"\0{path}\0".encode())
            digest.update(path.read_bytes())
        installed = {f"{one.name}=={one.version}" for one in importlib.metadata.distributions()}
        digest.update("\n".join(sorted(installed)).encode())
        return digest.digest()

    def fingerprint(self, scenario: Scenario) -> str:
        """Hash everything that the output of a scenario may depend on."""
        module = scenario.run.__code__.co_filename
        own = f"{scenario.name} {scenario.targets}".encode() + Path(module).read_bytes()
        return hashlib.sha256(self._common_inputs + own).hexdigest()

    def run(
        self,
        chosen: list[Scenario],
        *,
        jobs: int = 2,
        fresh: bool = False,
        on_done: Callable[[Outcome], None] = lambda _outcome: None,
    ) -> list[Outcome]:
        """Run scenarios, some at once, and give their outcomes in the order asked for."""
        outcomes: dict[str, Outcome] = {}
        with ThreadPoolExecutor(max_workers=jobs) as pool:
            for done in as_completed([pool.submit(self._outcome, one, fresh) for one in chosen]):
                outcome = done.result()
                outcomes[outcome.scenario.name] = outcome
                on_done(outcome)
        return [outcomes[one.name] for one in chosen]

    def _outcome(self, scenario: Scenario, fresh: bool) -> Outcome:
        kept = self.cache / f"{scenario.name}.json"
        fingerprint = self.fingerprint(scenario)
        if kept.exists() and not fresh:
            memory = json.loads(kept.read_text(encoding="utf-8"))
            if memory["fingerprint"] == fingerprint:
                return Outcome(scenario, memory["texts"], cached=True)
        start = time.perf_counter()
        try:
            texts = self.produce(scenario)
        except Exception:
            error = traceback.format_exc(limit=-4)
            return Outcome(scenario, error=error, seconds=time.perf_counter() - start)
        memory = {"fingerprint": fingerprint, "texts": texts}
        write_atomically(kept, json.dumps(memory, indent=1))
        return Outcome(scenario, texts, seconds=time.perf_counter() - start)

    @staticmethod
    def produce(scenario: Scenario) -> dict[str, str]:
        """Run a scenario, whatever is kept of it, and return its texts by target.

        Raises:
            ValueError: it returned other targets than it promised.
        """
        with tempfile.TemporaryDirectory(prefix="recording-") as name:
            folder = Path(name)
            given = scenario(folder)
            texts = {scenario.targets[0]: given} if isinstance(given, str) else dict(given)
            if set(texts) != set(scenario.targets):
                raise ValueError(
                    f"{scenario.name} promised {sorted(scenario.targets)} "
                    f"and returned {sorted(texts)}"
                )
            return {target: normalise(text, folder) for target, text in texts.items()}
