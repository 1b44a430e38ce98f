"""The section "Running the Server" of docs/integrations/channels.md."""

from __future__ import annotations

import contextlib
import re
import secrets
import shlex
import socket
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.guide.support import (
    ask_over_websocket,
    environment,
    guide_project,
    login,
    read,
    run_script,
    script,
)
from tools.harness import clients, projects, servers
from tools.harness.processes import accepts, free_port, running

ME = read("resolver_user/requests/me.graphql")
ADA = {"data": {"me": "Hello, ada!"}}
PRODUCTION = "myproject.settings_production"
HOST = "www.example.com"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    return guide_project(tmp_path_factory.mktemp("running") / "myproject", "running")


@pytest.fixture(scope="module")
def production() -> dict[str, str]:
    """What the shell snippet exports."""
    text = read("running/shell/environment.sh")
    assert f"export DJANGO_SETTINGS_MODULE={PRODUCTION}\n" in text
    assert "export DJANGO_SECRET_KEY=" in text
    return {"DJANGO_SETTINGS_MODULE": PRODUCTION, "DJANGO_SECRET_KEY": secrets.token_urlsafe(50)}


@contextlib.contextmanager
def started(
    project: projects.Project, name: str, env: Mapping[str, str]
) -> Iterator[servers.Server]:
    """Run the shell snippet that starts a server, on a free port."""
    port = free_port()
    if name == "runserver":
        command = f"{script('running/shell/runserver.sh', {}).strip()} {port}"
    else:
        command = script(f"running/shell/{name}.sh", {"8000": str(port)})
    variables = {**environment(), **env}
    with running(name, ["sh", "-eu", "-c", command], cwd=project.path, env=variables) as process:
        process.wait_until(lambda: accepts(port))
        yield servers.Server(name, port, process)


@pytest.mark.parametrize("name", ["runserver", *servers.SERVERS])
def test_the_command_starts_a_server_of_http_and_websocket(
    project: projects.Project, name: str
) -> None:
    with started(project, name, {}) as server, login(server) as ada:
        assert clients.graphql(ada, ME).json() == ADA
        assert ask_over_websocket(server, ME, ada) == ADA
        # What is too long is answered by the router: the server lets it pass.
        with clients.WebSocketClient.connect(server) as opened:
            opened.send({"type": "connection_init", "payload": {"filling": "x" * 1024 * 1024}})
            assert opened.wait_closed() == (1009 if name in {"uvicorn", "hypercorn"} else 4400)


@pytest.mark.parametrize("name", servers.SERVERS)
def test_the_command_listens_on_every_interface_at_port_8000(name: str) -> None:
    command = read(f"running/shell/{name}.sh")
    assert command.startswith(f"{name} myproject.asgi:application ")
    assert "0.0.0.0" in command
    assert "8000" in command


def test_daphne_alone_listens_on_this_machine_at_port_8000(project: projects.Project) -> None:
    command = ["daphne", "myproject.asgi:application"]
    with running("daphne", command, cwd=project.path, env=environment()) as process:
        # Where something else has the port, Daphne says of the same address that it is in use.
        said = re.compile(r"(Listening on TCP address|Couldn't listen on) 127\.0\.0\.1:8000\b")
        process.wait_until(lambda: bool(said.search(process.log())))


def test_runserver_without_daphne_is_wsgi(tmp_path: Path) -> None:
    project = projects.build(tmp_path / "myproject", "settings", "asgi_routing")
    settings = project.path / "myproject/settings.py"
    text = settings.read_text(encoding="utf-8").replace('    "daphne",\n', "")
    settings.write_text(text, encoding="utf-8")
    with servers.serve(project, "runserver") as server:
        said = re.compile("Starting (WSGI )?development server")
        server.process.wait_until(lambda: said.search(server.log()) is not None)
        with pytest.raises(InvalidStatus):
            clients.WebSocketClient.connect(server)


def test_the_environment_makes_a_secret_key(project: projects.Project) -> None:
    show = "python -c \"import os; print(os.environ['DJANGO_SECRET_KEY'])\"\n"
    both = read("running/shell/environment.sh") + show
    with running("environment", ["sh", "-eu", "-c", both], env=environment()) as process:
        process.popen.wait(30)
        assert re.fullmatch(r"[\w-]{60,}\n", process.log())


def test_djangos_deployment_check_only_asks_for_hsts(
    project: projects.Project, production: dict[str, str]
) -> None:
    command = read("running/shell/check.sh").split()
    assert command[:2] == ["python", "manage.py"]
    done = project.manage(*command[2:], env=production)
    assert re.findall(r"\((\S+\.[EW]\d+)\)", done.stderr) == ["security.W004"]


@pytest.mark.parametrize(
    ("name", "packages"), [("uvicorn", ["uvicorn", "websockets"]), ("hypercorn", ["hypercorn"])]
)
def test_the_command_installs_the_server(name: str, packages: list[str]) -> None:
    command = shlex.split(read(f"running/shell/install_{name}.sh"))
    assert command == ["python", "-m", "pip", "install", *packages]
    assert all(map(version, packages))


@pytest.fixture(scope="module")
def server(project: projects.Project, production: dict[str, str]) -> Iterator[servers.Server]:
    """Daphne with the production settings, as a proxy that ends TLS would reach it.

    Uvicorn by itself believes a proxy on the same machine about the scheme.
    """
    with started(project, "daphne", production) as server:
        yield server


def through_proxy(server: servers.Server, **headers: str) -> httpx.Client:
    return httpx.Client(
        base_url=server.url, headers={"Host": HOST, "X-Forwarded-Proto": "https", **headers}
    )


def test_production_answers_its_host_only(server: servers.Server) -> None:
    with through_proxy(server) as client:
        assert clients.graphql(client, ME).json() == {"data": {"me": "Hello, anonymous!"}}
    with through_proxy(server, Host="foreign.example") as client:
        assert clients.graphql(client, ME).status_code == 400


def test_production_sends_http_to_https(server: servers.Server) -> None:
    with httpx.Client(base_url=server.url, headers={"Host": HOST}) as client:
        answer = clients.graphql(client, ME)
    assert answer.status_code == 301
    assert answer.headers["location"] == f"https://{HOST}/graphql"


def test_production_has_no_explorer(server: servers.Server) -> None:
    with through_proxy(server, Accept="text/html") as client:
        answer = client.get("/graphql")
    assert answer.status_code >= 400
    assert "text/html" not in answer.headers["content-type"]


@pytest.mark.parametrize(
    ("origin", "welcome"), [(f"https://{HOST}", True), ("https://other.example", False)]
)
def test_production_takes_sockets_from_its_own_pages(
    server: servers.Server, origin: str, welcome: bool
) -> None:
    raw = socket.create_connection(("127.0.0.1", server.port))
    expectation = contextlib.nullcontext() if welcome else pytest.raises(InvalidStatus)
    with (
        raw,
        expectation,
        connect(
            f"ws://{HOST}/graphql",
            sock=raw,
            origin=Origin(origin),
            subprotocols=[Subprotocol("graphql-transport-ws")],
            additional_headers={"X-Forwarded-Proto": "https"},
        ) as opened,
    ):
        assert opened.subprotocol == "graphql-transport-ws"


def test_the_script_that_migrates(tmp_path: Path) -> None:
    project = projects.build(tmp_path / "myproject", "settings", "asgi_routing")
    assert (
        "Applying sessions.0001_initial... OK"
        in run_script(project, "running/shell/migrate.sh").stdout
    )
