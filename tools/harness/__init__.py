"""Real projects, servers and clients, for the tests and for the tools that record the guide.

`processes` and `live` stand on the ground; `projects`, `servers`, `redis` and `clients` use them.
"""
