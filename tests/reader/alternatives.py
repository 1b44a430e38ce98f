"""Which alternatives of the integration guide are taken together: by whom, and from which page.

Data only: the tests follow it, and the census holds it against the page.
"""

from __future__ import annotations

TUTORIAL = "guide/subscriptions/index.html"
TESTING = "guide/testing/index.html"
CLIENTS = "guide/clients/index.html"
GUIDE = "integrations/channels/index.html"
#: The pages that a reader goes down; their commands are all that the site has.
FOLLOWED = (TUTORIAL, TESTING, CLIENTS, GUIDE)

LAYERS = {
    "In memory": "channels.layers.InMemoryChannelLayer",
    "Redis": "channels_redis.core.RedisChannelLayer",
    "Redis pub/sub": "channels_redis.pubsub.RedisPubSubChannelLayer",
}
#: How many of the blocks of "Advanced: Custom Routing" each has.
ROUTINGS = {"router": 0, "custom routing": 1, "custom routing with session_auth": 2}
#: The server that the page has before it comes to those with tabs.
FIRST_SERVER = "runserver"

#: The choices of whoever reads the page in its order, and what that makes of a server, a routing
#: and a layer: the first until "Production", and the second at its end.
IN_ORDER = ("pip", "In memory", "Daphne")
ROWS_IN_ORDER = (
    ("runserver", "router", "In memory"),
    ("Daphne", "custom routing with session_auth", "In memory"),
)
#: With those, each server meets each routing, and each of either meets each layer.
ALTERNATIVES = (
    ("runserver", "custom routing", "Redis"),
    ("runserver", "custom routing with session_auth", "Redis pub/sub"),
    ("Daphne", "router", "Redis"),
    ("Daphne", "custom routing", "Redis pub/sub"),
    ("Uvicorn", "router", "Redis pub/sub"),
    ("Uvicorn", "custom routing", "In memory"),
    ("Uvicorn", "custom routing with session_auth", "Redis"),
    ("Hypercorn", "router", "In memory"),
    ("Hypercorn", "custom routing", "Redis"),
    ("Hypercorn", "custom routing with session_auth", "Redis pub/sub"),
)
#: The servers that whoever has uv installs with it.
WITH_UV = ("Uvicorn", "Hypercorn")
#: Tabs that are views of one thing: nobody chooses, everybody reads all of them.
VIEWS = frozenset({"HTTP", "WebSocket"})

#: What readers choose, together.
CHOICES = (
    IN_ORDER,
    *((layer, server) for server, _, layer in ALTERNATIVES),
    *(("uv", server) for server in WITH_UV),
)
