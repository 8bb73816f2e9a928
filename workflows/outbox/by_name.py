"""What is called by its dotted name, so that whoever asks for it imports nothing of what it needs.

Reading and changing data takes libraries of a hundred megabytes, and only workers do it. No linter
sees such a name: `checks` resolves them all.
"""

from collections.abc import Callable
from typing import Any

from django.utils.module_loading import import_string

_names: set[str] = set()


def by_name(path: str) -> Callable[..., Any]:
    """Return the function with this dotted name; its module is imported when it is called."""
    _names.add(path)

    def call(*args: object) -> Any:
        return import_string(path)(*args)

    return call


def names() -> list[str]:
    """Return every name that was asked for, in order."""
    return sorted(_names)
