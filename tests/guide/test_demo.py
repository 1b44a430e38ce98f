"""`nox -s demo`: it says where it is and who can log in, it works, and Ctrl-C ends it.

What the chat does in a browser is shown by the tests of the tutorial.
"""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

from tools.harness import clients, live, processes, servers

ME = "{ me }"


def test_the_demo_says_where_it_is_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port = processes.free_port()
    command = [sys.executable, "-m", "tools.demo", "--port", str(port)]
    env = {**live.environment(), "TMPDIR": str(tmp_path)}
    with processes.running("demo", command, cwd=live.ROOT, env=env) as process:
        process.wait_until(lambda: "Ctrl-C ends the demo." in process.log(), seconds=90)
        assert f"http://127.0.0.1:{port}/\n" in process.log()
        assert f"http://127.0.0.1:{port}/graphql\n" in process.log()
        users = re.findall(r"Log in as +(\w+), password (\S+)", process.log())
        assert len(users) == 2
        server = servers.Server("demo", port, process)
        for username, password in users:
            with clients.login(server, username, password) as client:
                answer = clients.graphql(client, ME).json()
                assert username in answer["data"]["me"]
        process.popen.send_signal(signal.SIGINT)
        assert process.popen.wait(60) == 0
        assert "The demo has ended." in process.log()
        assert "Traceback" not in process.log()
    assert not processes.accepts(port)
    assert not any(tmp_path.iterdir())
