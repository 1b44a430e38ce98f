"""Commands: which of the shell snippets the tests of the matrix execute.

To the ledger, a test uses what it opens. Of a command that says too little: a test may hold its
words against what it needs itself, and run nothing. `tests/tools/test_commands.py` has the line of
each test that runs one. May import the standard library only.
"""

from __future__ import annotations

from collections.abc import Container

_RUNNING = "tests/guide/test_channels_running.py"
_COMMANDS = "tests/guide/test_subscriptions_commands.py"
_FROM_NOTHING = "tests/guide/test_subscriptions_from_nothing.py"
_INSTALLATION = "tests/guide/test_channels_installation.py"
#: By snippet, the file of the test that runs it.
EXECUTED = {
    "asgi_routing/shell/ping.sh": "tests/guide/test_channels_configuration.py",
    "chat/shell/app.sh": _COMMANDS,
    "chat/shell/migrate.sh": _COMMANDS,
    "chat/shell/two_processes.sh": _FROM_NOTHING,
    "chat/shell/users.sh": _COMMANDS,
    "clients/shell/graphql_sse.sh": "tests/live/clients/test_packages.py",
    "clients/shell/uvicorn.sh": "tests/live/clients/test_restart.py",
    "custom_context/shell/second_user.sh": "tests/guide/test_channels_context.py",
    "first_subscription/shell/start.sh": _FROM_NOTHING,
    "installation/shell/pip.sh": _INSTALLATION,
    "installation/shell/uv.sh": _INSTALLATION,
    "resolver_user/shell/create_user.sh": "tests/guide/test_channels_user.py",
    "running/shell/check.sh": _RUNNING,
    "running/shell/daphne.sh": _RUNNING,
    "running/shell/environment.sh": _RUNNING,
    "running/shell/hypercorn.sh": _RUNNING,
    "running/shell/migrate.sh": _RUNNING,
    "running/shell/runserver.sh": _RUNNING,
    "running/shell/uvicorn.sh": _RUNNING,
    "settings/shell/check.sh": "tests/guide/test_recordings.py",
    "testing/shell/pytest.sh": "tests/guide/test_testing_tests.py",
}


def is_only_compared(file: str, tests: Container[str]) -> bool:
    """Tell whether a snippet is a command that none of these files of tests executes.

    Args:
        file: the snippet's file under snippets/.
        tests: the files of tests that used it in a run.
    """
    return file.endswith(".sh") and EXECUTED.get(file, "") not in tests
