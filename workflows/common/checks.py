"""System checks that have to ask the database."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, DatabaseError

T = TypeVar("T")


def if_database_can_be_asked(
    databases: Sequence[str] | None, ask: Callable[[], T], *, otherwise: T
) -> T:
    """Return what the database says to a check; `databases` are those that Django gives to it.

    Without `--database` that is `otherwise` where there is no database, as when an image is built;
    with it, `DatabaseError` is raised.
    """
    if databases is not None and DEFAULT_DB_ALIAS not in databases:
        return otherwise
    try:
        return ask()
    except DatabaseError:
        if databases is not None:
            raise
        return otherwise
