"""Stand for a Python of the fork server: pass its signals on, and end with its exit code.

Standard library only, and little of it: it is started for each of them.
"""

import contextlib
import json
import os
import signal
import socket
import sys


def main() -> None:
    """Ask the server at the first argument for a Python with the others."""
    server = socket.socket(socket.AF_UNIX)
    server.connect(sys.argv[1])
    job = {"arguments": sys.argv[2:], "env": dict(os.environ)}
    message = json.dumps(job).encode() + b"\0"
    sent = socket.send_fds(server, [message], [0, 1, 2, os.open(".", os.O_RDONLY)])
    server.sendall(message[sent:])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda its, _: server.send(bytes([its])))
    answer = server.recv(64)
    code = int(answer) if answer else os.EX_SOFTWARE  # of a server that is gone
    if code < 0:
        with contextlib.suppress(OSError):  # SIGKILL has no other handler
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


main()
