"""Primary keys before the rows are written: a sealed value is bound to its row by them."""

import os
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping

from django.db import connection, models

# So many are taken at once of each table; those that a process leaves behind are never given.
AHEAD = 100


class _Ahead(threading.local):
    """The numbers that this thread has taken and not given yet, by table."""

    def __init__(self) -> None:
        self.of: defaultdict[type[models.Model], deque[int]] = defaultdict(deque)


_ahead = _Ahead()


def _forget() -> None:
    """Give nothing that the process from which this one was forked may give."""
    _ahead.of.clear()


os.register_at_fork(after_in_child=_forget)


def number_rows(rows: Iterable[models.Model]) -> None:
    """Give new rows, of any tables, the primary keys that the database would give them.

    One query for all that have none yet. The rows keep their order.
    """
    waiting = _unnumbered(rows)
    if not waiting:
        return
    numbers = _next_numbers({model: len(each) for model, each in waiting.items()})
    for model, each in waiting.items():
        for row, number in zip(each, numbers[model], strict=True):
            row.pk = number


def number_rows_ahead(rows: Iterable[models.Model]) -> None:
    """Number rows like `number_rows`, with numbers that were taken ahead: mostly without a query.

    For rows of which many are made by each thread. They keep their order, and come before all that
    the database numbers later; of two threads, the later row may have the smaller number.
    """
    waiting = _unnumbered(rows)
    short = {
        model: len(each) for model, each in waiting.items() if len(_ahead.of[model]) < len(each)
    }
    if short:
        taken = _next_numbers({model: max(AHEAD, count) for model, count in short.items()})
        for model, numbers in taken.items():
            _ahead.of[model] = deque(numbers)
    for model, each in waiting.items():
        for row in each:
            row.pk = _ahead.of[model].popleft()


def _unnumbered(rows: Iterable[models.Model]) -> dict[type[models.Model], list[models.Model]]:
    waiting: dict[type[models.Model], list[models.Model]] = {}
    for row in rows:
        if row.pk is None:
            waiting.setdefault(type(row), []).append(row)
    return waiting


def _next_numbers(counts: Mapping[type[models.Model], int]) -> dict[type[models.Model], list[int]]:
    """Take so many numbers of each table from the database, with one query."""
    parts: list[str] = []
    values: list[str | int] = []
    for place, (model, count) in enumerate(counts.items()):
        meta = model._meta
        parts.append(
            "SELECT %s, nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)"
        )
        values += [place, f'"{meta.db_table}"', str(meta.pk.column), count]
    with connection.cursor() as cursor:
        cursor.execute(f"{' UNION ALL '.join(parts)} ORDER BY 1, 2", values)
        rows = cursor.fetchall()
    taken: dict[type[models.Model], list[int]] = {model: [] for model in counts}
    models_in_order = list(counts)
    for place, number in rows:
        taken[models_in_order[place]].append(number)
    return taken
