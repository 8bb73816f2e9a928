"""The Celery entries: ids and names go in, one service is called, nothing personal comes out."""

from celery import shared_task

from workflows.outbox import canaries, long_work, periodic, services


@shared_task
def run_effects(*effect_ids: str) -> None:
    """Run effects of the outbox, one after the other; does nothing for one done or being done."""
    for effect_id in effect_ids:
        services.run_effect(effect_id)


@shared_task
def run_long_work(kind: str, subject_id: str) -> None:
    """Do long work of a registered kind, which may take hours, on what has this id."""
    long_work.run_long_work(kind, subject_id)


@shared_task
def run_periodic(turn: str) -> None:
    """Do what is registered for a turn of the timetable."""
    periodic.run_periodic(turn)


@shared_task
def canary(canary_id: str) -> None:
    """Note that this message came out of its queue; the id is the queue's name, or beat's."""
    canaries.note_seen(canary_id)
