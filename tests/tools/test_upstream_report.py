"""The report of what upstream makes false has everything, and each thing is counted once."""

from __future__ import annotations

import datetime

from tools.stock.claims import Claim, Seen
from tools.stock.record import Results
from tools.upstream.newest import Held
from tools.upstream.report import Drift, Sentences, counted, false_sentences, markdown

DAY = datetime.date(2026, 1, 1)
STOCK = {
    "documented": Sentences(["Use Redis (redis): 500"], 12),
    "expected": Sentences(["A long body is refused (body): 200", "No (host): 200"], 30),
}


def test_the_report_names_everything() -> None:
    found = Drift(
        versions={"django": ("5.2", "7.0a1")},
        held=[Held("redis: 9 is the newest, tried was 8 (channels-redis asks for `<9`)", True)],
        lines={"docs/a.md:6 (one/asgi.py)": ["tests/a.py::one", "tests/a.py::two"]},
        failed={"tests/a.py::one": "KeyError", "tests/a.py::two": "ValueError"},
        prose=["docs/a.md:3: the number 16 is unbound; bind it"],
        promises=["host does not hold with our router on uvicorn: 200"],
        news=["now holds: user-http"],
        stock=STOCK,
    )
    report = markdown(found, DAY)
    assert report.startswith("# What upstream makes false on 2026-01-01\n")
    for line in (
        "| django | 5.2 | 7.0a1 |",
        "- redis: 9 is the newest, tried was 8 (channels-redis asks for `<9`)",
        "- `docs/a.md:6 (one/asgi.py)`: `a.py::one` and 1 more",
        "- `tests/a.py::two`: ValueError",
        "- docs/a.md:3: the number 16 is unbound; bind it",
        "- host does not hold with our router on uvicorn: 200",
        "- now holds: user-http",
        "1 of 12 sentences that were measured are false.",
        "- Use Redis (redis): 500",
        "2 of 30 sentences that were measured do not hold.",
        "- A long body is refused (body): 200",
    ):
        assert f"\n{line}\n" in report
    assert "Every line holds" not in report
    assert not Drift(versions={"django": ("5.2", "7.0a1")})


def test_what_the_stock_router_does_not_keep_is_told_and_is_no_drift() -> None:
    found = Drift(stock=STOCK)
    assert not found
    assert markdown(found, DAY).endswith(
        "\n\nEvery line holds, and the stock router does what is recorded.\n\n"
        "## The stock router's documentation\n\n"
        "1 of 12 sentences that were measured are false.\n\n"
        "- Use Redis (redis): 500\n\n"
        "## What you may expect of the stock router all the same\n\n"
        "2 of 30 sentences that were measured do not hold.\n\n"
        "- A long body is refused (body): 200\n- No (host): 200\n"
    )
    good = {"documented": Sentences([], 12), "expected": Sentences([], 0)}
    assert markdown(Drift(stock=good), DAY).endswith(
        "## The stock router's documentation\n\n0 of 12 sentences that were measured are false.\n"
    )


def test_only_a_final_release_that_is_held_back_makes_the_day_a_bad_one() -> None:
    said = "django: 7.0a1 is the newest, tried was 6.1 (x asks for `<7`)"
    early = Drift(held=[Held(said, counts=False)])
    assert not early
    report = markdown(early, DAY)
    assert "\n## Newer than what was tried\n\n- django: 7.0a1 is the newest" in report
    assert "\nEvery line holds of what was tried, and the stock router" in report
    assert Drift(held=[*early.held, Held("redis: 9 is the newest, tried was 8 (x)", True)])


def test_figures_count_a_line_and_a_promise_once() -> None:
    found = Drift(
        lines={"docs/a.md:6 (one/asgi.py)": ["one"], "docs/a.md:6 (A sentence.)": ["two"]},
        promises=["host does not hold on uvicorn: 200", "host does not hold on daphne: 200"],
        stock=STOCK,
    )
    sayings = ["docs/a.md:6 says that mix fails", "docs/why.md:9 says that mix fails"]
    figures = counted(found, {}, sayings)
    assert (figures["lines"], figures["promises"]) == (2, 1)
    assert figures["stock"] == {"false": 1, "of": 12}
    assert figures["expected"] == {"false": 2, "of": 30}


def test_a_sentence_is_false_if_one_server_shows_it() -> None:
    answers: dict[str, tuple[bool | None, bool | None]] = {
        "kept": (True, True),
        "broken": (False, False),
        "on-one": (True, False),
        "unknown": (None, None),
        "half": (None, False),
        "ours": (False, False),
    }
    words = {True: "200", False: "500", None: "KeyError"}
    results: Results = {
        name: {
            "stock": {
                server: {"holds": holds, "measured": words[holds]}
                for server, holds in zip(("uvicorn", "daphne"), both, strict=True)
            },
            "ours": {"uvicorn": {"holds": name != "kept", "measured": "201"}},
        }
        for name, both in answers.items()
    }
    claims = [
        Claim(name, "expected" if name == "ours" else "documented", "It works", never)
        for name in answers
    ]
    assert false_sentences(claims, results) == {
        "documented": (
            [
                "It works (broken): 500",
                "It works (on-one): Uvicorn: 200; Daphne: 500",
                "It works (half): Uvicorn: KeyError; Daphne: 500",
            ],
            4,
        ),
        "expected": (["It works (ours): 500"], 1),
    }


def never(_: object) -> Seen:
    raise NotImplementedError
