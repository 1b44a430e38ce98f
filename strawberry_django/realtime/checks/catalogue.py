"""What the checks can find: every id with its meaning, its snippet and its place in the guide.

Imports nothing of its siblings. `CATALOGUE` is the one table of ids; the guide's table is made of
it. An id is never given to another fault, even when its check is gone.
"""

from __future__ import annotations

from dataclasses import dataclass

APP_LABEL = "strawberry_django_realtime"
GUIDE = "integrations/channels/"


@dataclass(frozen=True)
class Fault:
    """Describe one fault that a check finds.

    Args:
        number: `E…` for what cannot work and `W…` for what is unsafe or will surprise.
        title: the fault, in a few words.
        when: under which conditions it is reported.
        fix: what to do, as one sentence.
        snippet: the verified snippet that mends it, by its name with section.
        anchor: the heading of the guide that explains it.
    """

    number: str
    title: str
    when: str
    fix: str
    snippet: str
    anchor: str

    @property
    def id(self) -> str:
        """Return the id of the check, as `SILENCED_SYSTEM_CHECKS` takes it."""
        return f"{APP_LABEL}.{self.number}"

    @property
    def docs(self) -> str:
        """Return the page and heading of the guide, relative to the site."""
        return f"{GUIDE}#{self.anchor}"


_INSTALLED_APPS = "settings/myproject/settings.py#installed_apps"
_ASGI_APPLICATION = "settings/myproject/settings.py#asgi_application"
_ASGI = "asgi_routing/myproject/asgi.py#asgi"
_CUSTOM_ASGI = "custom_routing/myproject/asgi.py#asgi"
_IN_MEMORY = "channel_layers_memory/myproject/settings.py#channel_layers"
_REDIS = "channel_layers_redis/myproject/settings.py#channel_layers"
_PRODUCTION = "running/myproject/settings_production.py#production"

CATALOGUE: tuple[Fault, ...] = (
    Fault(
        "E001",
        "ASGI_APPLICATION is not set",
        "The setting is missing, or is not the dotted path of an object.",
        "Name the ASGI application in the settings.",
        _ASGI_APPLICATION,
        "2-configure-asgi-application",
    ),
    Fault(
        "E002",
        "ASGI_APPLICATION cannot be imported",
        "Importing the module fails, or it has no such attribute.",
        "Mend what the exception names; a module that works is:",
        _ASGI,
        "3-set-up-asgi-routing",
    ),
    Fault(
        "E003",
        "ASGI_APPLICATION serves no WebSocket",
        "It is Django's own ASGI application, a router without `websocket`, or no application.",
        "Let the router serve GraphQL and Django together.",
        _ASGI,
        "3-set-up-asgi-routing",
    ),
    Fault(
        "E004",
        "Models are imported before get_asgi_application()",
        "The ASGI module reaches a model before it sets Django up, or never sets it up.",
        "Call get_asgi_application() first, and import the schema below it.",
        _ASGI,
        "3-set-up-asgi-routing",
    ),
    Fault(
        "E005",
        "daphne stands after django.contrib.staticfiles",
        "INSTALLED_APPS has both, in that order; daphne.E001 says so too, without the fix.",
        "Put daphne first.",
        _INSTALLED_APPS,
        "1-update-installed_apps",
    ),
    Fault(
        "E006",
        "The schema needs a channel layer and there is none",
        "A root field uses a channel layer that is not in CHANNEL_LAYERS.",
        "Configure a channel layer. For one process in development:",
        _IN_MEMORY,
        "channel-layers",
    ),
    Fault(
        "E007",
        "The package of a channel layer is not installed",
        "The BACKEND of a layer in CHANNEL_LAYERS belongs to a package that is missing.",
        "Install the package. For Redis:",
        "installation/shell/pip.sh#redis",
        "installation",
    ),
    Fault(
        "E008",
        "A channel layer cannot be made",
        "CHANNEL_LAYERS has a wrong shape, an unknown BACKEND or a CONFIG that is refused.",
        "Compare CHANNEL_LAYERS with a configuration that works.",
        _REDIS,
        "channel-layers",
    ),
    Fault(
        "E009",
        "ALLOWED_HOSTS is empty with DEBUG = False",
        "Every request and every WebSocket would be refused. Not reported while tests run.",
        "Name the hosts under which the site is reached.",
        _PRODUCTION,
        "websocket-connection-refused",
    ),
    Fault(
        "E010",
        "strawberry_django.routers is not this library's",
        "Another copy is imported first: a split sys.path, or a vendored copy.",
        "Install this library into the same site-packages as strawberry-graphql-django.",
        "installation/shell/pip.sh#install",
        "installation",
    ),
    Fault(
        "E011",
        "STRAWBERRY_DJANGO_REALTIME is not valid",
        "The setting has an unknown key or a value of the wrong type.",
        "Correct the setting. One that works:",
        "router_options/myproject/settings.py#realtime",
        "options",
    ),
    Fault(
        "E012",
        "Sessions or users are asked for and not installed",
        "The routing reads the session, and INSTALLED_APPS lacks what keeps it or its user.",
        "Add the apps that sessions and users come from.",
        _INSTALLED_APPS,
        "1-update-installed_apps",
    ),
    Fault(
        "W001",
        "runserver serves WSGI",
        "With DEBUG = True, INSTALLED_APPS has no app with a runserver for ASGI.",
        "Add daphne, before django.contrib.staticfiles.",
        _INSTALLED_APPS,
        "1-update-installed_apps",
    ),
    Fault(
        "W002",
        "The schema is imported before get_asgi_application()",
        "It reaches no model yet, so it still works.",
        "Import the schema below get_asgi_application().",
        _ASGI,
        "3-set-up-asgi-routing",
    ),
    Fault(
        "W003",
        "GraphQL is routed without authentication",
        "Nothing around the consumer reads the session, as in GraphQLProtocolTypeRouter.",
        "Use AuthGraphQLProtocolTypeRouter, or put AuthMiddlewareStack around the consumer.",
        _ASGI,
        "user-is-anonymoususer",
    ),
    Fault(
        "W004",
        "The origin of WebSockets is not checked against ALLOWED_HOSTS",
        "Strawberry's own consumer is routed without AllowedHostsOriginValidator.",
        "Put AllowedHostsOriginValidator around it.",
        _CUSTOM_ASGI,
        "advanced-custom-routing",
    ),
    Fault(
        "W005",
        "Strawberry's own consumers are routed",
        "Then info.context.request is no Django request, and Django protects nothing.",
        "Import the consumers from strawberry_django.realtime.",
        _CUSTOM_ASGI,
        "advanced-custom-routing",
    ),
    Fault(
        "W006",
        "A URL pattern never matches",
        "It begins with a slash, which paths have lost when they are compared.",
        "Leave the slash out.",
        "custom_url_pattern/myproject/asgi.py#router",
        "custom-url-pattern",
    ),
    Fault(
        "W007",
        "Nothing on the Django side writes the session",
        "The routing reads the session, and MIDDLEWARE lacks what writes it.",
        "Add the middleware, so that a login page can set the cookie that GraphQL reads.",
        "settings/myproject/settings.py#middleware",
        "user-is-anonymoususer",
    ),
    Fault(
        "W008",
        "The session cookie is not sent to the GraphQL path",
        "SESSION_COOKIE_PATH is not a parent of the URL pattern.",
        'Leave SESSION_COOKIE_PATH at "/", or serve GraphQL below it.',
        "custom_url_pattern/myproject/asgi.py#router",
        "user-is-anonymoususer",
    ),
    Fault(
        "W009",
        "The in-memory channel layer is used with DEBUG = False",
        "It does not reach another process. Not reported while tests run.",
        "Use a layer that several processes share.",
        _REDIS,
        "channel-layers",
    ),
    Fault(
        "W010",
        "Redis connections time out while they wait",
        "socket_timeout is not above the layer's wait of 5 s, as redis-py 8 has it.",
        "Give each host a socket_timeout above 5 seconds.",
        _REDIS,
        "channel-layers",
    ),
    Fault(
        "W011",
        "ALLOWED_HOSTS allows every origin with DEBUG = False",
        'It holds "*", so a page of any site may open a WebSocket with the visitor\'s session.',
        "Name the hosts under which the site is reached.",
        _PRODUCTION,
        "websocket-connection-refused",
    ),
    Fault(
        "W012",
        "An entry of ALLOWED_HOSTS matches nothing",
        "It has a scheme, a port or a path, where Django compares host names.",
        "Write host names alone.",
        _PRODUCTION,
        "websocket-connection-refused",
    ),
)
