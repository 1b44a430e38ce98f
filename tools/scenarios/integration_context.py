"""Record what the schema with a data loader in its context answers."""

from __future__ import annotations

from pathlib import Path

from tools.harness import clients, servers
from tools.scenarios import scenario
from tools.scenarios._integration import guide_project, read
from tools.transcripts import json_answer


@scenario("custom_context/recorded/usernames.http.json")
def usernames(folder: Path) -> str:
    """Ask for three users, one of whom does not exist."""
    project = guide_project(folder / "myproject", "custom_context")
    project.create_user("grace", "a-nanosecond-of-wire")
    with servers.serve(project) as server:
        query = read("custom_context/requests/usernames.graphql")
        return json_answer(clients.graphql(server, query))
