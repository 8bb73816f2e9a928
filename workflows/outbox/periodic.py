"""What is done again and again: sweeps and purges, registered by the packages that know of them.

Beat sends the name of a turn (`CELERY_BEAT_SCHEDULE` says when), and a worker does all that is
registered for it. The foundations know no outbox, so the project registers what is theirs.
"""

import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from workflows.outbox.by_name import by_name
from workflows.outbox.handlers import UnknownKindError

TASK = "workflows.outbox.tasks.run_periodic"

logger = logging.getLogger(__name__)

_turns: dict[str, dict[str, Callable[..., Any]]] = defaultdict(dict)


def periodic(turn: str, name: str, path: str) -> None:
    """Have the function with this dotted name called in each such turn.

    It takes no arguments. If it returns a number, that is logged with `name`.
    """
    if name in _turns[turn]:
        raise ValueError(f"{name} is registered already for {turn}.")
    _turns[turn][name] = by_name(path)


def turns() -> dict[str, list[str]]:
    """Return the names of what is registered, by turn."""
    return {turn: list(named) for turn, named in _turns.items()}


def run_periodic(turn: str) -> None:
    """Do all that is registered for a turn; what fails does not stop the rest.

    Raises `UnknownKindError` for a turn of which nothing is known.
    """
    if turn not in _turns:
        raise UnknownKindError(turn)
    done = []
    for name, do in _turns[turn].items():
        try:
            count = do()
        except Exception as error:  # noqa: BLE001 - one that fails does not stop the others
            # Its text and traceback could hold personal data.
            logger.error("%s, %s: %s", turn, name, type(error).__name__)  # noqa: TRY400
        else:
            done += [f"{count} {name}"] if type(count) is int and count else []
    if done:
        logger.info("%s: %s", turn, ", ".join(done))


periodic("purge", "effects", "workflows.outbox.services.purge_done")
