"""What the pages say of the stock router is measured, and a promise of ours that fails is told."""

from __future__ import annotations

import ast
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File
from mkdocs.structure.pages import Page

from tests.guide.reference_claims import reference
from tools.harness import live
from tools.harness.servers import SERVERS
from tools.hooks import records
from tools.hooks.stock import on_page_markdown
from tools.stock import drift, page
from tools.stock.claims import CLAIMS, Claim, Seen, claim
from tools.stock.record import broken, chosen, measure, write
from tools.stock.site import ROUTERS, Site, environment

ROOT = live.ROOT
WHERE = "import strawberry_django.routers as routers; print(routers.__file__)"


@pytest.fixture(scope="module")
def record() -> Any:
    return json.loads(page.RECORD.read_text(encoding="utf-8"))


def seen(holds: bool | None, measured: str = "measured") -> dict[str, Any]:
    return {"holds": holds, "measured": measured}


def one(name: str, *, stock: bool, **more: Any) -> dict[str, Any]:
    """Return a claim of a record that holds on our router, and on the stock one perhaps."""
    servers = {router: dict.fromkeys(page.SERVERS, seen(True)) for router in ROUTERS}
    if not stock:
        servers["stock"] = {**servers["stock"], "daphne": seen(False, "500")}
    return {
        "name": name,
        "kind": "documented",
        "says": "It works",
        "neither": "",
        **servers,
        **more,
    }


def small(*claims: dict[str, Any]) -> dict[str, Any]:
    return {"date": "2026-01-01", "versions": {"Django": "5"}, "digest": "", "claims": claims}


# the record


def test_the_record_is_one_of_these_probes(record: Any) -> None:
    assert record["digest"] == page.digest(), "run `nox -s stock`"
    known = [(each["name"], each["kind"], each["says"]) for each in record["claims"]]
    assert known == [(each.name, each.kind, each.says) for each in CLAIMS.values()]


def test_each_claim_was_measured_on_each_server_and_ours_keeps_it(record: Any) -> None:
    for each in record["claims"]:
        for router in ROUTERS:
            assert set(each[router]) == set(SERVERS), each["name"]
            assert all(seen["holds"] is not None for seen in each[router].values())
        assert page.holds(each, "ours") == (not each["neither"]), each["name"]
        assert not (each["neither"] and page.holds(each, "stock")), each["name"]


def test_the_digest_is_that_of_the_probes_and_their_site(tmp_path: Path) -> None:
    digests = {page.digest(tmp_path)}
    for name in ("probes/one.py", "project/schema.py"):
        path = tmp_path / name
        path.parent.mkdir()
        for text in ("first", "second"):
            path.write_text(text)
            digests.add(page.digest(tmp_path))
    (tmp_path / "record.py").write_text("no probe")
    digests.add(page.digest(tmp_path))
    assert len(digests) == 5


def test_the_site_is_the_one_that_the_documentation_sets_up() -> None:
    def code(text: str) -> str:
        body = ast.parse(text).body
        return "\n".join(
            ast.unparse(node)
            for node in body
            if ("annotations" not in ast.unparse(node) and not isinstance(node, ast.Expr))
            or "setdefault" in ast.unparse(node)
        )

    ours = (ROOT / "snippets/asgi_routing/myproject/asgi.py").read_text(encoding="utf-8")
    assert code(ours) == code(reference.ASGI)


# the probes


@pytest.mark.parametrize("router", ROUTERS)
def test_each_router_is_imported_by_the_documented_line(router: str, tmp_path: Path) -> None:
    env = {**live.environment(), **environment(router, {})}
    code = f"from django.conf import settings; settings.configure(); {WHERE}"
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    expected = {"stock": "routers.py", "ours": "routers/__init__.py"}
    assert done.stdout.strip().endswith(f"strawberry_django/{expected[router]}"), done.stderr


def test_nothing_of_ours_can_be_imported_beside_the_stock_router(tmp_path: Path) -> None:
    env = {**live.environment(), **environment("stock", {})}
    done = subprocess.run(
        [sys.executable, "-c", "import strawberry_django.realtime"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "ModuleNotFoundError: No module named 'strawberry_django.realtime'" in done.stderr


def test_a_promise_of_ours_that_fails_is_told() -> None:
    """On real servers: one claim that only they keep, one of nobody, one whose probe is broken."""

    def only_stock(site: Site) -> Seen:
        wrong = site.over_http("{ me }").wrong
        return Seen("'dict' object has no attribute 'request'" in wrong, wrong or "answered")

    def falls(site: Site) -> Seen:
        raise LookupError(f"nothing at {site.url}")

    claims = [
        CLAIMS["user-http"],
        Claim("planted", "expected", "Resolvers get a dict", only_stock),
        Claim("unpromised", "expected", "The same", only_stock, neither="why not"),
        Claim("falls", "expected", "It falls", falls),
    ]
    said: list[str] = []
    results = measure(claims, ["uvicorn"], say=said.append)
    assert results["user-http"]["ours"]["uvicorn"] == seen(True, "answered")
    assert results["user-http"]["stock"]["uvicorn"]["holds"] is False
    assert results["planted"]["stock"]["uvicorn"]["holds"] is True
    failed = broken(claims, results, ["ours"])
    assert failed[0] == "planted does not hold with our router on uvicorn: answered"
    assert failed[1].startswith(
        "falls was not measured with our router on uvicorn: LookupError at test_stock.py:"
    )
    assert len(failed) == 2
    assert len(broken(claims, results, ROUTERS)) == 3
    assert len(said) == 8
    assert said[0].startswith("[1/8] stock on uvicorn, user-http: does not hold: an error: ")


def test_claims_are_chosen_by_name_and_have_one_each() -> None:
    assert [each.name for each in chosen(["host", "mix"])] == ["host", "mix"]
    assert len(chosen([])) == len(CLAIMS) > 30
    with pytest.raises(ValueError, match="two claims are called 'mix'"):
        claim("mix", "expected", "Again")(CLAIMS["mix"].probe)


def test_a_record_is_written_whole(tmp_path: Path) -> None:
    servers: dict[str, Any] = {server: seen(True) for server in SERVERS}
    results = {name: dict.fromkeys(ROUTERS, servers) for name in CLAIMS}
    path = tmp_path / "record.json"
    write(results, path)
    written = json.loads(path.read_text(encoding="utf-8"))
    assert written["digest"] == page.digest()
    assert {"Django", "Python", "redis"} <= written["versions"].keys()
    assert [each["name"] for each in written["claims"]] == list(CLAIMS)


# the pages


def test_the_pages_say_what_is_recorded(record: Any) -> None:
    for name in ("index.md", "why.md"):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert page.PLACE.search(text)
        assert "<!--" not in records.on_page_markdown(page.fill(text, record))
    said = {name for _, _, names in drift.sayings(ROOT / "docs") for name in names}
    assert said <= CLAIMS.keys()


def test_a_place_is_filled() -> None:
    made = small(
        one("a", stock=True), one("b", stock=False), one("c", stock=False, kind="expected")
    )
    text = "<!-- stock: documented held --> of <!-- stock: documented -->, on <!-- stock: made -->"
    assert page.fill(text, made) == "one of two, on Recorded on 2026-01-01 with Django 5."
    assert page.fill("<!-- stock: expected held -->", made) == "none"
    assert page.fill("<!-- stock: version Django -->", made) == "5"
    assert page.fill("It fails.<!-- stock: not b c -->", made) == "It fails."
    assert page.number(12) == "twelve"
    assert page.number(13) == "13"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("not a", "the page says that 'a' fails, and it holds"),
        ("not x", "no claim is called 'x'"),
        ("documented failing", "is no place"),
        ("table", "is no place"),
        ("version Flask", "is no place"),
    ],
)
def test_a_page_that_says_otherwise_is_an_error(words: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        page.fill(f"<!-- stock: {words} -->", small(one("a", stock=True)))


def test_a_table_has_what_differs_by_server() -> None:
    fails = {**dict.fromkeys(page.SERVERS, seen(True)), "daphne": seen(False, "a | b")}
    unfit = one("b", stock=False, ours=fails, neither="it is told nothing")
    *_, first, second = page.table([one("a", stock=False), unfit]).splitlines()
    assert first == "| It works | ✗ Uvicorn, Hypercorn: measured<br>Daphne: 500 | ✓ measured |"
    assert second == (
        "| It works<br>(Neither router does: it is told nothing.) "
        "| ✗ Uvicorn, Hypercorn: measured<br>Daphne: 500 "
        "| ✗ Uvicorn, Hypercorn: measured<br>Daphne: a \\| b |"
    )


@pytest.fixture
def warned(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.WARNING, logger="mkdocs.hooks.stock"):
        yield caplog


def test_the_build_warns_of_an_old_record_and_of_a_false_page(
    tmp_path: Path, record: Any, warned: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "record.json"
    config = MkDocsConfig()
    assert isinstance(config, MkDocsConfig)
    config.load_dict({"site_name": "Test", "docs_dir": str(tmp_path)})
    where = Page("Why", File("why.md", str(tmp_path), str(tmp_path), True), config)

    def built(text: str, **changed: Any) -> str:
        path.write_text(json.dumps({**record, **changed}), encoding="utf-8")
        return on_page_markdown(text, page=where, path=path)

    assert built("A page without a place") == "A page without a place"
    assert built("<!-- stock: not user-http -->") == ""
    assert warned.messages == []
    built("<!-- stock: made -->", digest="another")
    assert warned.messages == ["record.json is older than its probes; run `nox -s stock`"]
    text = "<!-- stock: not mix -->"
    assert built(text) == text
    assert warned.messages[1:] == ["why.md: the page says that 'mix' fails, and it holds"]


# the drift


def test_what_begins_to_hold_is_told_with_the_lines_that_deny_it(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "why.md").write_text("# Why\n\nIt fails. <!-- stock: not b c -->\n")
    recorded = small(one("a", stock=True), one("b", stock=False), one("c", stock=False))
    results = {
        "a": {"stock": {"uvicorn": seen(False, "500")}},
        "b": {"stock": {"daphne": seen(True, "answered")}},
        "c": {"stock": {"uvicorn": seen(True), "daphne": seen(None, "TimeoutError")}},
    }
    assert drift.news(recorded, results) == [
        "holds no more: a on uvicorn (It works); measured: 500; recorded: measured",
        "now holds: b on daphne (It works); measured: answered; recorded: 500",
        "was not measured: c on daphne (It works); measured: TimeoutError; recorded: 500",
    ]
    assert drift.false_lines(docs, recorded, results) == ["docs/why.md:3 says that b fails"]
    same = {"b": {"stock": {"daphne": seen(False, "503")}}}
    assert drift.news(recorded, same) == []
    assert drift.false_lines(docs, recorded, same) == []


def test_a_claim_with_a_process_of_its_own_leaves_the_others_theirs() -> None:
    """The probe that ends its process comes first, and the next one finds its own."""
    claims = [CLAIMS["stop-code"], replace(CLAIMS["mix"], alone=True), CLAIMS["mix"]]
    results = measure(claims, ["uvicorn"], ["ours"], say=lambda _: None)
    assert results["mix"]["ours"]["uvicorn"] == seen(True, "both answered")
    assert broken(claims, results, ["ours"]) == []
