"""Every claim of the reference, with the tests that prove it.

The reference is the page "Django Channels" that the integration guide is written after. A line of
the table is a heading (`5 # Title`), a claim (`7 what it says`), or the test of the claim above it;
the numbers are those of the reference's lines.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parents[1]
HERE = "tests/guide/test_reference.py"

TABLE = """
5 # Django Channels
7 it integrates django-channels and enables subscriptions and WebSocket support
    guide/test_subscriptions_chat.py::test_a_message_reaches_who_listens_to_its_room_and_nobody_else
11 # Overview
13 Django doesn't support WebSockets out of the box
    guide/test_channels_configuration.py::test_django_alone_cannot_serve_a_websocket
13 Channels extends Django to handle WebSockets and other asynchronous protocols
    guide/test_channels_configuration.py::test_queries_share_a_socket
    guide/test_subscriptions_chat.py::test_the_first_subscription_is_a_stream_over_http_too
15 use GraphQL subscriptions
    guide/test_subscriptions_chat.py::test_operations_of_every_kind_run_at_once_on_one_socket
16 handle GraphQL over WebSocket connections
    guide/test_channels_configuration.py::test_the_first_query_answers_over_http_and_websocket
17 mix regular Django HTTP requests with GraphQL
    guide/test_channels_configuration.py::test_django_serves_what_it_served_before
19 # Installation
24 pip install channels daphne
    guide/test_channels_installation.py::test_the_pip_commands_install_what_is_missing
    guide/test_channels_installation.py::test_both_tools_are_asked_for_the_same_packages
30 pip install channels-redis, for Redis-backed channel layers
    guide/test_channels_installation.py::test_the_extras_name_the_same_packages
    guide/test_channels_layers.py::test_redis_reaches_every_process
33 # Configuration
35 # 1. Update INSTALLED_APPS
37 add daphne and channels to INSTALLED_APPS
    guide/test_channels_configuration.py::test_the_settings_name_the_apps_and_the_application
41 daphne must be before staticfiles for the runserver override
    guide/test_channels_troubleshooting.py::test_the_checks_find_the_faults_and_say_what_mends_them
49 # 2. Configure ASGI Application
51 ASGI_APPLICATION is the path of the application
    guide/test_channels_configuration.py::test_the_settings_name_the_apps_and_the_application
57 # 3. Set Up ASGI Routing
59 asgi.py sets up the routing
    guide/test_channels_configuration.py::test_the_first_query_answers_over_http_and_websocket
    guide/test_channels_configuration.py::test_django_serves_what_it_served_before
68 get_asgi_application() early ensures that the AppRegistry is populated
    guide/test_channels_configuration.py::test_a_schema_above_get_asgi_application_is_not_ready
72 import the schema after Django's setup
    guide/test_channels_configuration.py::test_a_schema_above_get_asgi_application_is_not_ready
82 # AuthGraphQLProtocolTypeRouter
84 a convenience class for GraphQL on HTTP and WebSocket with authentication
    guide/test_channels_user.py::test_a_sync_resolver_has_the_user_over_http_and_websocket
89 the parameters are schema, django_application and url_pattern
    guide/test_channels_router.py::test_the_parameters_and_their_defaults_are_those_of_the_table
91 django_application is optional
    guide/test_channels_router.py::test_without_django_other_paths_are_404
91 django_application serves the routes that are not GraphQL
    guide/test_channels_router.py::test_a_page_that_is_not_graphql_costs_no_query
92 url_pattern is optional, "^graphql" by default
    guide/test_channels_router.py::test_the_default_pattern_is_open_at_its_end
96 # What it provides
98 AuthMiddlewareStack populates request.user for authenticated sessions
    guide/test_channels_user.py::test_a_sync_resolver_has_the_user_over_http_and_websocket
99 AllowedHostsOriginValidator: WebSocket security based on ALLOWED_HOSTS
    guide/test_channels_security.py::test_the_origin_of_a_socket_must_be_ours
    guide/test_channels_security.py::test_a_foreign_host_is_refused_over_http_and_websocket
100 it routes both HTTP and WebSocket to GraphQL
    guide/test_channels_configuration.py::test_the_first_query_answers_over_http_and_websocket
    guide/test_channels_router.py::test_another_websocket_path_is_refused_without_a_traceback
102 # Custom URL Pattern
105 GraphQL at /api/graphql instead of /graphql
    guide/test_channels_router.py::test_the_custom_pattern_moves_graphql_on_both_protocols
113 # Difference from Strawberry's GraphQLProtocolTypeRouter
115 Strawberry core provides GraphQLProtocolTypeRouter
    guide/test_channels_router.py::test_both_are_protocol_type_routers_with_the_same_parameters
119 auth middleware: no, yes
    guide/test_channels_router.py::test_strawberrys_router_has_no_user_and_ours_has
120 host validation: no, yes
    guide/test_channels_router.py::test_strawberrys_router_does_not_ask_allowed_hosts_and_ours_does
121 request.user available: no, yes
    guide/test_channels_router.py::test_strawberrys_router_has_no_user_and_ours_has
125 user authentication in resolvers
    guide/test_channels_user.py::test_an_async_resolver_may_query_the_database
126 permission checks
    guide/test_security_page.py::test_who_subscribes_is_asked_for_at_the_start_and_at_each_event
127 session-based authentication
    guide/test_channels_security.py::test_logging_out_closes_the_sockets_of_the_session
    guide/test_channels_security.py::test_login_works_over_http_and_says_why_not_over_websocket
129 # Channel Layers
131 a channel layer, for subscriptions that broadcast to multiple clients
    guide/test_channels_layers.py::test_redis_reaches_every_process
134 in-memory is single-process only
    guide/test_channels_layers.py::test_in_memory_reaches_every_socket_of_its_process_only
141 Redis is for production
    guide/test_channels_layers.py::test_redis_reaches_every_process
    guide/test_subscriptions_redis.py::test_one_process_hears_what_is_said_through_the_other
152 # Accessing User in Resolvers
154 the authenticated user can be accessed
    guide/test_channels_user.py::test_a_sync_resolver_has_the_user_over_http_and_websocket
165 user.is_authenticated tells who is logged in
    guide/test_channels_user.py::test_who_is_inactive_or_whose_session_ran_out_is_anonymous
166 "Hello, ada!" for who is logged in
    guide/test_channels_user.py::test_a_sync_resolver_has_the_user_over_http_and_websocket
167 "Hello, anonymous!" for everybody else
    guide/test_channels_user.py::test_without_a_session_the_user_is_anonymous
170 # Running the Server
172 # Development
174 with Daphne installed and configured, runserver uses ASGI
    guide/test_channels_configuration.py::test_runserver_speaks_asgi_and_says_so
    guide/test_channels_running.py::test_the_command_starts_a_server_of_http_and_websocket
180 # Production
186 Daphne is a server for production
    guide/test_channels_running.py::test_the_command_starts_a_server_of_http_and_websocket
189 Uvicorn is a server for production
    guide/test_channels_running.py::test_the_command_starts_a_server_of_http_and_websocket
192 Hypercorn is a server for production
    guide/test_channels_running.py::test_the_command_starts_a_server_of_http_and_websocket
195 # Advanced: Custom Routing
197 you can create custom routing
    guide/test_channels_custom_routing.py::test_the_user_is_there_over_http_and_websocket
    guide/test_channels_custom_routing.py::test_the_checks_find_nothing
207 Strawberry's own consumers are in it (they have no Django request, so the guide uses ours)
    guide/test_channels_custom_routing.py::test_strawberrys_own_consumers_have_no_django_request
216 AuthMiddlewareStack is around all of HTTP (the guide says what this costs)
    guide/test_channels_custom_routing.py::test_around_everything_each_page_loads_the_user
218 the pattern is ^graphql$
    guide/test_channels_custom_routing.py::test_the_path_must_match_to_its_end
222 AllowedHostsOriginValidator is around the WebSocket
    guide/test_channels_custom_routing.py::test_a_foreign_host_and_origin_are_refused
232 # Troubleshooting
234 # Subscriptions not working
236 check that ASGI_APPLICATION is set
    guide/test_channels_troubleshooting.py::test_the_checks_find_the_faults_and_say_what_mends_them
237 import the schema after get_asgi_application()
    guide/test_channels_troubleshooting.py::test_the_checks_find_the_faults_and_say_what_mends_them
    guide/test_channels_configuration.py::test_a_schema_above_get_asgi_application_is_not_ready
238 use an ASGI server: runserver without Daphne uses WSGI
    guide/test_channels_running.py::test_runserver_without_daphne_is_wsgi
240 # User is AnonymousUser
242 use AuthGraphQLProtocolTypeRouter
    guide/test_channels_router.py::test_strawberrys_router_has_no_user_and_ours_has
    guide/test_channels_troubleshooting.py::test_the_checks_find_the_faults_and_say_what_mends_them
243 check that AuthMiddlewareStack is in the routing
    guide/test_channels_custom_routing.py::test_a_bare_consumer_names_the_ways_to_a_user
244 verify that session cookies are sent with WebSocket requests
    guide/test_channels_troubleshooting.py::test_a_cookie_of_another_path_does_not_reach_graphql
246 # WebSocket connection refused
248 ALLOWED_HOSTS includes the hostname
    guide/test_channels_troubleshooting.py::test_each_refusal_is_one_line_with_its_reason
249 the URL pattern matches the client's URL
    guide/test_channels_troubleshooting.py::test_each_refusal_is_one_line_with_its_reason
250 the browser's console shows CORS and security errors
    guide/test_channels_troubleshooting.py::test_the_browsers_console_says_that_it_is_refused
252 # See Also
254 the subscriptions guide
    guide/test_channels_configuration.py::test_see_also_leads_to_the_pages_that_go_on
255 Strawberry's page on Channels
    guide/test_channels_configuration.py::test_see_also_leads_to_the_pages_that_go_on
256 the documentation of Django Channels
    guide/test_channels_configuration.py::test_see_also_leads_to_the_pages_that_go_on
"""

HEADINGS_ONLY = {"Configuration", "Running the Server", "Troubleshooting"}
"""Sections that say nothing themselves, but have others under them."""


class Row(NamedTuple):
    """A heading or a claim of the reference; `tests` are the claim's."""

    line: int
    text: str
    tests: list[str]

    def __str__(self) -> str:
        return f"line {self.line} of the reference ({self.text})"


def rows(table: str) -> list[Row]:
    """Return the rows of a table like the one above."""
    found: list[Row] = []
    for line in table.strip().splitlines():
        if line.startswith(" "):
            found[-1].tests.append(line.strip())
        else:
            number, _, text = line.partition(" ")
            found.append(Row(int(number), text, []))
    return found


@cache
def names_in(name: str) -> frozenset[str]:
    """Return the names of the tests that stand in a file of `tests/`."""
    path = TESTS / name
    body = ast.parse(path.read_text(encoding="utf-8")).body if path.is_file() else []
    functions = (one for one in body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(one.name for one in functions if one.name.startswith("test_"))


def faults(table: str) -> list[str]:
    """Return what is wrong with a table: claims without a test, and tests that are not there."""
    found = []
    for row in rows(table):
        if not row.text.startswith("# ") and not row.tests:
            found.append(f"{row} has no test: name one in {HERE}")
        for test in row.tests:
            name, _, function = test.partition("::")
            if function not in names_in(name):
                found.append(f"{row} has lost its test tests/{test}: name another in {HERE}")
    return found


def test_every_claim_has_tests_and_each_of_them_is_there() -> None:
    assert faults(TABLE) == []


def test_every_section_has_claims_in_the_order_of_the_reference() -> None:
    found = rows(TABLE)
    assert all(one.line <= other.line for one, other in pairwise(found))
    sections = re.split(r"^\d+ # ", TABLE, flags=re.MULTILINE)[1:]
    without = {part.splitlines()[0] for part in sections if len(part.splitlines()) == 1}
    assert without == HEADINGS_ONLY


def test_a_claim_without_its_test_is_named() -> None:
    lost = "guide/test_reference.py::test_that_is_not_there"
    assert faults(f"5 # Title\n7 it is so\n8 and so\n    {lost}\n") == [
        f"line 7 of the reference (it is so) has no test: name one in {HERE}",
        f"line 8 of the reference (and so) has lost its test tests/{lost}: name another in {HERE}",
    ]
