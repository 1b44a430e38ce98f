"""The counts: what the pages count in words, counted where it is.

Two to twenty are numbers wherever they stand, so those that count nothing but what the page itself
has are here too (`ASIDES`). May import the library, tools.sections and its siblings
`places`, `read`, `resolve` and `text`.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

from tools.prose.places import (
    CHANNELS,
    CLIENTS,
    HOME,
    OPTIONS,
    ROUTER,
    SECURITY,
    TUTORIAL,
    VERIFICATION,
    WHY,
)
from tools.prose.read import ROOT, constant, counted, default, found, function, shown_lines
from tools.prose.resolve import parsed
from tools.prose.text import in_words, part_in_words
from tools.sections import Sections

#: Numbers of nothing in the code, each with what it counts.
ASIDES = (
    (CLIENTS, "needs two permissions: that of the browser, which is CORS, and ours"),  # as it says
    (TUTORIAL, "With two of them, half of your users would talk past the other half."),  # no claim
    (CHANNELS, "The rest of this page does without these two examples."),  # the blocks above it
    (CHANNELS, "Three things follow:"),  # the list below it
    (CHANNELS, "Make a second user, so that there are two to load:"),  # the first and the second
    (CHANNELS, "use the same host for both, `localhost` and `127.0.0.1` are two."),  # as it says
    (VERIFICATION, "A line that two pages show"),  # any two
)


def sentences() -> Iterator[tuple[str, str]]:
    """Yield each page with what it counts."""
    yield from ASIDES
    yield from _of_the_router()
    yield from _of_the_security_page()
    yield from _of_snippets()
    yield from _of_tests()
    share = part_in_words(default("tools/mutate/__main__.py", "--share"))
    yield VERIFICATION, f"a {share} of what it can alter"
    yield VERIFICATION, f"always the same {share}"


def _of_the_router() -> Iterator[tuple[str, str]]:
    from strawberry_django.routers import AuthGraphQLProtocolTypeRouter

    taken = inspect.signature(AuthGraphQLProtocolTypeRouter).parameters.values()
    parameters = sum(one.kind is one.POSITIONAL_OR_KEYWORD for one in taken)
    keywords = [f"`{one.name}`" for one in taken if one.kind is one.KEYWORD_ONLY]
    more = in_words(len(keywords)).capitalize()
    yield ROUTER, f"its {in_words(parameters)} parameters"
    yield CHANNELS, f"You give it {in_words(parameters)} things:"
    yield CHANNELS, f"{more} more keywords, {' and '.join(keywords)}, take classes of your own"
    looked_up = function(parsed("strawberry_django.realtime.conf"), "resolve_options")
    merged = [node for node in ast.walk(looked_up) if isinstance(node, ast.Dict)]
    places = max(node.keys.count(None) for node in merged)
    yield OPTIONS, f"An option is looked up in {in_words(places)} places"


def _of_the_security_page() -> Iterator[tuple[str, str]]:
    hosts = _assigned("security/myproject/settings_secure.py:hosts")
    yield SECURITY, f"{in_words(len(hosts)).capitalize()} of Django's settings decide."
    secure = "snippets/security/myproject/settings_secure.py"
    most = int(found(secure, r'"MAX_MESSAGES_PER_SECOND": (\d+)'))
    many = in_words(most + 1).capitalize()
    yield SECURITY, f"{many} messages at once, where {in_words(most)} a second may come"
    limits = [
        line for line in shown_lines("security/myproject/schema.py:limits") if "Limiter(" in line
    ]
    yield SECURITY, f"The [schema below](#errors) has {in_words(len(limits))}."
    spaces = int(found("tools/scenarios/security_page.py", r'" " \* ([\d_]+)\)'))
    yield SECURITY, f"POST /graphql with {spaces:,} spaces"


def _of_snippets() -> Iterator[tuple[str, str]]:
    given = _assigned("chat/myproject/settings.py:realtime")
    apps, settings = in_words(_texts(given.pop("INSTALLED_APPS"))), in_words(len(given))
    yield TUTORIAL, f"{apps.capitalize()} apps and {settings} setting turn"
    own = _assigned("settings/myproject/settings.py:installed_apps")["INSTALLED_APPS"]
    before = _assigned("project/myproject/settings.py")["INSTALLED_APPS"]
    yield CHANNELS, f"Add {in_words(_texts(own) - _texts(before))} apps:"
    pieces = Sections.read(ROOT / "snippets/chat/myproject/schema.py").names
    yield TUTORIAL, f"in {in_words(len(pieces))} pieces."
    people = [line for line in shown_lines("chat/shell/users.sh") if ".create_" in line]
    yield TUTORIAL, f"Make the table, and {in_words(len(people))} people:"
    commands = shown_lines("installation/shell/pip.sh:install")
    commands += shown_lines("running/shell/runserver.sh")
    yield HOME, f"{in_words(len(commands)).capitalize()} commands away"
    for client in ("apollo", "urql"):
        used = shown_lines(f"clients/src/{client}.js:use")
        functions = in_words(sum(line.startswith("export ") for line in used))
        yield CLIENTS, f"put the same {functions} functions at the end."
    fields = [
        line for line in shown_lines("custom_context/requests/usernames.graphql") if "(" in line
    ]
    yield CHANNELS, f"{in_words(len(fields)).capitalize()} fields, one database query:"
    layers = _assigned("channel_layers_redis/myproject/settings.py:channel_layers")
    (host,) = (node for node in ast.walk(layers["CHANNEL_LAYERS"]) if _has_key(node, "address"))
    assert isinstance(host, ast.Dict)
    yield CHANNELS, f"{in_words(len(host.keys) - 1).capitalize()} of them break this layer:"


def _of_tests() -> Iterator[tuple[str, str]]:
    servers = in_words(len(constant("tools/harness/servers.py", "SERVERS")))
    yield CHANNELS, f"these {servers} are tested with this page"
    yield WHY, f"✓ means that a sentence holds on all {servers}."
    for test, name in (
        ("test_sessions", "test_a_request_costs_two_queries_and_an_anonymous_one_none"),
        ("test_django_middleware", "test_the_session_costs_no_more_inside"),
    ):
        queries = in_words(counted(f"tests/live/{test}.py", name))
        yield SECURITY, f"the number of queries: {queries} for a logged-in request."
    test = "tests/guide/test_channels_layers.py"
    connections = counted(test, "test_pubsub_has_two_connections_for_a_process")
    yield CHANNELS, f"| {in_words(connections)} for each process |"
    seconds = constant("tests/live/test_revocation.py", "AT_ONCE")
    yield (
        SECURITY,
        f"Within {'a second' if seconds == 1 else f'{seconds} seconds'}, in every process",
    )


def _assigned(target: str) -> dict[str, ast.expr]:
    """Return what is assigned to each name in what a page shows of a snippet."""
    values: dict[str, ast.expr] = {}
    for node in ast.parse("\n".join(shown_lines(target))).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values[node.targets[0].id] = node.value
    return values


def _texts(node: ast.expr) -> int:
    assert isinstance(node, ast.List)
    return sum(isinstance(one, ast.Constant) for one in node.elts)


def _has_key(node: ast.AST, key: str) -> bool:
    return isinstance(node, ast.Dict) and any(
        isinstance(one, ast.Constant) and one.value == key for one in node.keys
    )
