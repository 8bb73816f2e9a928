"""The pass and the applier as commands, for the portal's `manage.py` and for a node without it.

A command declares its options (`add_arguments`) and runs with their values, which it takes by name.
"""

import argparse
import sys
from collections.abc import Callable, Sequence

from workflows.corpus.values import FORMATS

# How the names of files end that can be read.
ENDINGS = ", ".join(ending for traits in FORMATS.values() for ending in traits.endings)
# Says one line to the caller: what came out, or what to know of it.
Say = Callable[[str], object]


class CommandRefused(Exception):
    """The command cannot do what it was asked; the message says why, in words for a person."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        self.exit_code = exit_code
        super().__init__(message)


def main(
    description: str,
    add_arguments: Callable[[argparse.ArgumentParser], None],
    run: Callable[[argparse.Namespace], None],
    arguments: Sequence[str] | None = None,
) -> int:
    """Run a command of a node with the words of its command line, and return its exit code."""
    parser = argparse.ArgumentParser(description=description)
    add_arguments(parser)
    try:
        run(parser.parse_args(arguments))
    except CommandRefused as refused:
        warn(str(refused))
        return refused.exit_code
    return 0


def say(line: str) -> None:
    """Write a line to the standard output."""
    sys.stdout.write(f"{line}\n")


def warn(line: str) -> None:
    """Write a line to the standard error."""
    sys.stderr.write(f"{line}\n")
