"""System checks: every dotted name leads to a function, and every turn of beat to something."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.utils.module_loading import import_string

from workflows.outbox import periodic
from workflows.outbox.by_name import names


@register("long_work", deploy=True)
def check_names(**_: Any) -> list[CheckMessage]:
    """Name what is called by a dotted name and is not there; it loads all that workers need."""
    return [
        Error(
            f"{path} is called by its name, and there is no such function: {problem}",
            id="outbox.E001",
        )
        for path in names()
        if (problem := _problem(path))
    ]


def _problem(path: str) -> str:
    try:
        found = import_string(path)
    except ImportError as error:
        return str(error)
    return "" if callable(found) else "it cannot be called."


@register("long_work", Tags.compatibility)
def check_timetable(**_: Any) -> list[CheckMessage]:
    """Name turns that beat begins and nobody has work for, and work whose turn never comes."""
    schedule: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE
    begun = {entry["args"][0] for entry in schedule.values() if entry["task"] == periodic.TASK}
    known = set(periodic.turns())
    return [
        *(
            Error(f"Nothing is registered for the turn {turn!r} of beat.", id="outbox.E002")
            for turn in sorted(begun - known)
        ),
        *(
            Error(
                f"The turn {turn!r} is not in CELERY_BEAT_SCHEDULE: what is registered for it is"
                " never done.",
                id="outbox.E003",
            )
            for turn in sorted(known - begun)
        ),
    ]
