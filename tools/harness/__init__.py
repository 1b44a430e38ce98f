"""Real projects, servers and clients, for the tests and for the tools that record the guide."""
