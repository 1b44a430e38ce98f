"""Recordings: the output that pages show, each made again by a run of the real project.

A run is a test (`tests/guide/test_recorded_*.py`) that names the files it records::

    @records("asgi_routing/recorded/ping.http.json")
    def test_ping(tmp_path: Path, recorded: Recorded) -> None:
        ...
        recorded(json_answer(clients.graphql(server, PING)))

`python -m tools.recorded` compares all of them, or records some anew. Syrupy does not fit: it names
a snapshot after its test, and here a file that a page names must lead to its test.
"""
