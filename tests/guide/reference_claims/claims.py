"""Every claim of the reference, with the line it stands in and the test that proves it.

Imports nothing. The text is the claim in short; the tests of a section are in one module.
"""

from __future__ import annotations

from typing import NamedTuple


class Section(NamedTuple):
    """A heading of the reference, and the module that tests what stands under it."""

    line: int
    title: str
    module: str


class Claim(NamedTuple):
    """Something that the reference says."""

    line: int
    text: str
    test: str


LAST_LINE = 256

SECTIONS = (
    Section(5, "Django Channels", "test_overview"),
    Section(11, "Overview", "test_overview"),
    Section(19, "Installation", "test_installation"),
    Section(33, "Configuration", "test_configuration"),
    Section(35, "1. Update INSTALLED_APPS", "test_configuration"),
    Section(49, "2. Configure ASGI Application", "test_configuration"),
    Section(57, "3. Set Up ASGI Routing", "test_configuration"),
    Section(82, "AuthGraphQLProtocolTypeRouter", "test_router"),
    Section(96, "What it provides", "test_router"),
    Section(102, "Custom URL Pattern", "test_router"),
    Section(113, "Difference from Strawberry's GraphQLProtocolTypeRouter", "test_differences"),
    Section(129, "Channel Layers", "test_channel_layers"),
    Section(152, "Accessing User in Resolvers", "test_user_in_resolvers"),
    Section(170, "Running the Server", "test_running"),
    Section(172, "Development", "test_running"),
    Section(180, "Production", "test_running"),
    Section(195, "Advanced: Custom Routing", "test_custom_routing"),
    Section(232, "Troubleshooting", "test_troubleshooting"),
    Section(234, "Subscriptions not working", "test_troubleshooting"),
    Section(240, "User is AnonymousUser", "test_troubleshooting"),
    Section(246, "WebSocket connection refused", "test_troubleshooting"),
    Section(252, "See Also", "test_see_also"),
)

HEADINGS_ONLY = frozenset({"Configuration", "Running the Server", "Troubleshooting"})
"""Sections that say nothing themselves, but have others under them."""

CLAIMS = (
    Claim(
        7,
        "an integration with django-channels to enable subscriptions and WebSocket support",
        "test_the_integration_with_django_channels_enables_subscriptions",
    ),
    Claim(
        13,
        "Django doesn't support WebSockets out of the box",
        "test_django_does_not_support_websockets_out_of_the_box",
    ),
    Claim(
        13,
        "Channels extends Django to handle WebSockets and other asynchronous protocols",
        "test_channels_extends_django_to_websockets_and_other_asynchronous_protocols",
    ),
    Claim(15, "Use GraphQL subscriptions", "test_graphql_subscriptions_can_be_used"),
    Claim(
        16,
        "Handle GraphQL over WebSocket connections",
        "test_graphql_over_websocket_connections_is_handled",
    ),
    Claim(
        17,
        "Mix regular Django HTTP requests with GraphQL",
        "test_regular_django_http_requests_mix_with_graphql",
    ),
    Claim(24, "pip install channels daphne", "test_pip_install_channels_daphne"),
    Claim(
        30,
        "pip install channels-redis, for Redis-backed channel layers",
        "test_pip_install_channels_redis_for_redis_backed_layers",
    ),
    Claim(
        37,
        "add daphne and channels to INSTALLED_APPS",
        "test_daphne_and_channels_are_added_to_installed_apps",
    ),
    Claim(
        41,
        "daphne must be before staticfiles for the runserver override",
        "test_daphne_must_be_before_staticfiles_for_the_runserver_override",
    ),
    Claim(
        51,
        "ASGI_APPLICATION is the path of the application",
        "test_asgi_application_is_the_path_of_the_application",
    ),
    Claim(59, "asgi.py, word for word", "test_asgi_py_sets_up_the_routing_word_for_word"),
    Claim(
        68,
        "get_asgi_application() early ensures that the AppRegistry is populated",
        "test_get_asgi_application_populates_the_app_registry_before_models_are_imported",
    ),
    Claim(
        72,
        "import the schema after Django's setup",
        "test_the_schema_is_imported_after_django_setup",
    ),
    Claim(
        84,
        "a convenience class for GraphQL on HTTP and WebSocket with authentication",
        "test_it_is_a_convenience_class_for_http_and_websocket_with_authentication",
    ),
    Claim(
        89,
        "the parameters schema, django_application and url_pattern",
        "test_the_parameters_are_schema_django_application_and_url_pattern",
    ),
    Claim(91, "django_application is optional", "test_django_application_is_optional"),
    Claim(
        91,
        "the Django application serves non-GraphQL routes",
        "test_django_application_serves_non_graphql_routes_with_no_query_of_ours",
    ),
    Claim(
        91,
        "the same with SESSION_SAVE_EVERY_REQUEST",
        "test_non_graphql_routes_save_the_session_once_with_session_save_every_request",
    ),
    Claim(
        92,
        'url_pattern is optional, "^graphql" by default',
        "test_url_pattern_is_optional_and_graphql_by_default",
    ),
    Claim(
        98,
        "AuthMiddlewareStack populates request.user for authenticated sessions",
        "test_auth_middleware_stack_populates_request_user_for_authenticated_sessions",
    ),
    Claim(
        99,
        "AllowedHostsOriginValidator: WebSocket security based on ALLOWED_HOSTS",
        "test_allowed_hosts_origin_validator_guards_websockets",
    ),
    Claim(
        100,
        "routes both HTTP and WebSocket to GraphQL",
        "test_http_and_websocket_are_both_routed_to_graphql",
    ),
    Claim(
        105,
        "GraphQL at /api/graphql instead of /graphql",
        "test_a_custom_url_pattern_routes_graphql_to_api_graphql_instead_of_graphql",
    ),
    Claim(
        115,
        "Strawberry core provides GraphQLProtocolTypeRouter",
        "test_strawberry_core_provides_a_router_with_the_same_first_parameters",
    ),
    Claim(119, "auth middleware: no, yes", "test_auth_middleware_no_and_yes"),
    Claim(120, "host validation: no, yes", "test_host_validation_no_and_yes"),
    Claim(121, "request.user available: no, yes", "test_request_user_available_no_and_yes"),
    Claim(125, "user authentication in resolvers", "test_user_authentication_in_resolvers"),
    Claim(126, "permission checks", "test_permission_checks"),
    Claim(127, "session-based authentication", "test_session_based_authentication"),
    Claim(
        131,
        "a channel layer for subscriptions that broadcast to multiple clients",
        "test_a_channel_layer_broadcasts_to_multiple_clients",
    ),
    Claim(
        134,
        "in-memory is single-process only",
        "test_the_in_memory_layer_is_single_process_only",
    ),
    Claim(
        141,
        "Redis is for production",
        "test_the_redis_layer_is_for_production_where_there_are_many_processes",
    ),
    Claim(
        154,
        "the authenticated user can be accessed",
        "test_the_authenticated_user_can_be_accessed",
    ),
    Claim(
        165,
        "user.is_authenticated tells who is logged in",
        "test_is_authenticated_is_false_for_an_inactive_user_and_an_expired_session",
    ),
    Claim(166, "Hello, ada!", "test_the_resolver_greets_who_is_logged_in_by_username"),
    Claim(167, "Hello, anonymous!", "test_the_resolver_greets_everybody_else_as_anonymous"),
    Claim(
        174,
        "with Daphne installed and configured, runserver uses ASGI",
        "test_runserver_uses_asgi_with_daphne_installed_and_configured",
    ),
    Claim(186, "Daphne in production", "test_daphne_is_a_server_for_production"),
    Claim(189, "Uvicorn in production", "test_uvicorn_is_a_server_for_production"),
    Claim(192, "Hypercorn in production", "test_hypercorn_is_a_server_for_production"),
    Claim(197, "you can create custom routing", "test_custom_routing_can_be_created"),
    Claim(
        207,
        "Strawberry's own consumers in it",
        "test_strawberrys_own_consumers_give_the_resolver_no_django_request",
    ),
    Claim(
        216,
        "AuthMiddlewareStack around all of HTTP",
        "test_auth_middleware_stack_around_everything_costs_queries_on_every_page",
    ),
    Claim(218, "the pattern ^graphql$", "test_the_patterns_match_graphql_and_nothing_longer"),
    Claim(
        222,
        "AllowedHostsOriginValidator around the WebSocket",
        "test_allowed_hosts_origin_validator_is_around_the_websocket",
    ),
    Claim(
        236,
        "check ASGI_APPLICATION",
        "test_subscriptions_need_a_correct_asgi_application",
    ),
    Claim(
        237,
        "import the schema after get_asgi_application()",
        "test_subscriptions_need_the_schema_imported_after_get_asgi_application",
    ),
    Claim(
        238,
        "use an ASGI server: runserver without Daphne uses WSGI",
        "test_subscriptions_need_an_asgi_server_which_runserver_without_daphne_is_not",
    ),
    Claim(
        242,
        "use AuthGraphQLProtocolTypeRouter",
        "test_the_user_needs_our_router_not_graphql_protocol_type_router",
    ),
    Claim(
        243,
        "AuthMiddlewareStack is in the routing",
        "test_the_user_needs_auth_middleware_stack_in_the_routing",
    ),
    Claim(
        244,
        "session cookies are sent with WebSocket requests",
        "test_the_user_needs_session_cookies_sent_with_websocket_requests",
    ),
    Claim(
        248,
        "ALLOWED_HOSTS includes the hostname",
        "test_a_refused_websocket_may_need_its_hostname_in_allowed_hosts",
    ),
    Claim(
        249,
        "the URL pattern matches the client's URL",
        "test_a_refused_websocket_may_need_the_url_of_the_pattern",
    ),
    Claim(
        250,
        "the browser's console shows CORS and security errors",
        "test_a_refused_websocket_is_a_security_error_in_the_browser_console",
    ),
    Claim(
        254,
        "the subscriptions guide",
        "test_see_the_subscriptions_guide_for_creating_subscriptions",
    ),
    Claim(255, "Strawberry's page on Channels", "test_see_the_strawberry_channels_docs"),
    Claim(256, "the documentation of Django Channels", "test_see_the_django_channels_docs"),
)
