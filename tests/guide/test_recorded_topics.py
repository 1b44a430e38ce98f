"""Record what the topics page shows: how a client is told that it listens, and a refusal."""

from __future__ import annotations

from pathlib import Path

from tests.guide.support import read
from tools.harness import clients, projects, servers
from tools.recorded.files import Recorded, records
from tools.recorded.transcripts import frames

SETTINGS = 'from myproject.settings import *\nINSTALLED_APPS += ["games"]\n'
GAME = "from games.models import Game; Game.objects.create(home=2, away=1)"


@records("topics/recorded/confirm.frames", "topics/recorded/wrong.frames")
def test_listening(tmp_path: Path, recorded: Recorded) -> None:
    """Ask to be told, and ask a shared subscription for its user."""
    project = projects.build(
        tmp_path / "project", "settings", "asgi_routing", "channel_layers_memory", "topics"
    )
    (project.path / "myproject/settings_games.py").write_text(SETTINGS, encoding="utf-8")
    env = {"DJANGO_SETTINGS_MODULE": "myproject.settings_games"}
    for command in (("makemigrations", "games"), ("migrate",), ("shell", "-c", GAME)):
        project.manage(*command, env=env)
    transcripts = []
    with servers.serve(project, env=env) as server:
        for name, more in (("score", {"extensions": {"confirm": True}}), ("wrong", {})):
            query = " ".join(read(f"topics/requests/{name}.graphql").split())
            with clients.WebSocketClient.connect(server) as socket:
                socket.init()
                socket.send({"id": "1", "type": "subscribe", "payload": {"query": query, **more}})
                message = socket.next_message()
                if message["type"] == "ping":
                    socket.send({**message, "type": "pong"})
                    socket.next_message()
            transcripts.append(frames(socket.transcript))
    recorded(*transcripts)
