from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import redis as client

from tools.harness import live
from tools.harness.processes import accepts
from tools.harness.redis import RedisServer, redis_server


def test_it_is_a_real_redis_and_starts_empty(redis: RedisServer) -> None:
    with client.Redis.from_url(redis.url) as connection:
        connection.set("name", "ada")
        assert connection.get("name") == b"ada"
        assert connection.dbsize() == 1


def test_two_have_ports_of_their_own(redis: RedisServer) -> None:
    with redis_server() as other, client.Redis.from_url(other.url) as connection:
        assert other.port != redis.port
        assert connection.dbsize() == 0
    assert not accepts(other.port)


def test_it_starts_again_on_the_same_port() -> None:
    with redis_server() as server:
        port = server.port
        server.stop()
        assert not server.answers()
        server.start()
        assert server.port == port
        assert server.answers()


def test_without_any_it_says_what_to_install(tmp_path: Path) -> None:
    env = {**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(live.ROOT)}
    code = "from tools.harness.redis import executable; executable()"
    without_packages = [sys.executable, "-S", "-c", code]
    done = subprocess.run(without_packages, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "RedisUnavailable: no redis-server: install Redis, or `python -m pip" in done.stderr
