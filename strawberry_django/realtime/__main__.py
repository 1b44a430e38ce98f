"""The command line: `python -m strawberry_django.realtime snippets [list|show|copy]`.

Imports `snippets` only, so that it runs outside a Django project. It exits with 0 when
it did what was asked, 1 when a file stood in the way, and 2 when the command was not understood.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import snippets

if TYPE_CHECKING:
    from collections.abc import Sequence

PROG = "python -m strawberry_django.realtime"

NAME_HELP = "asgi_routing, asgi_routing/myproject/asgi.py or asgi_routing/myproject/asgi.py#asgi"


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog=PROG, description="Tools of strawberry-django-channels.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    group = commands.add_parser(
        "snippets",
        help="list, show and copy the guide's snippets",
        description="The guide's snippets. Without an action they are listed.",
    )
    actions = group.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="name every snippet, with a line on what it is")
    show = actions.add_parser("show", help="print a snippet")
    show.add_argument("name", metavar="NAME", help=NAME_HELP)
    copy = actions.add_parser(
        "copy", help="write a snippet into a project; no existing file is touched"
    )
    copy.add_argument("name", metavar="NAME", help=NAME_HELP)
    copy.add_argument(
        "target", metavar="TARGET", type=Path, help="the project's folder, or the file to write"
    )
    copy.add_argument("--force", action="store_true", help="write over files that exist")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        argv: the arguments after the program's name; those of the process when left out.
    """
    arguments = build_parser().parse_args(argv)
    try:
        if arguments.action == "show":
            _show(arguments.name)
        elif arguments.action == "copy":
            _copy(arguments.name, arguments.target, force=arguments.force)
        else:
            _list()
        sys.stdout.flush()
    except snippets.SnippetError as error:
        print(f"{PROG}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever reads has seen enough; nothing is left for Python to flush at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"{PROG}: {error}", file=sys.stderr)
        return 1
    return 0


def _list() -> None:
    found = snippets.snippets()
    width = max(len(each.name) for each in found)
    for each in found:
        print(f"{each.name:{width}}  {each.description}".rstrip())


def _show(name: str) -> None:
    found = snippets.find(name) if "#" not in name else []
    if len(found) > 1:
        print("\n".join(f"==> {each.name} <==\n{each.text}" for each in found), end="")
    else:
        print(snippets.read(name), end="")


def _copy(name: str, target: Path, *, force: bool) -> None:
    for path in snippets.copy(name, target, force=force):
        print(f"wrote {path}")


if __name__ == "__main__":
    sys.exit(main())
