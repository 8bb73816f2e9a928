"""What follows a request for an export: a worker is asked to make it, until it is finished.

The work takes too long for the transaction of an effect, so the effect sends a task of its own and
looks again later. A task that was lost with its worker is so sent again; one that is still at work
holds the lock of its job, and another does nothing. The effect's payload names the job as `job`,
for a policy of the database lets a regulator's role ask for work on its own jobs only.
"""

from celery import current_app
from django.utils import translation
from django.utils.translation import gettext as _

from workflows.exports.jobs import EFFECT, UNFINISHED, fail
from workflows.exports.models import BundleJob
from workflows.outbox.long_work import LONGEST_WAIT, MAX_TURNS, RECHECK_AFTER
from workflows.outbox.models import Effect
from workflows.outbox.services import effect_handler, enqueue

TASK = "workflows.tasks.make_bundle"


@effect_handler(EFFECT)
def make_bundle(effect: Effect) -> None:
    """Send the task of an unfinished job, and look again later whether it is finished."""
    job = BundleJob.objects.filter(pk=effect.payload["job"], state__in=UNFINISHED).first()
    if job is None:
        return
    turn = int(effect.payload["turn"])
    if turn > MAX_TURNS:
        with translation.override(job.language):
            fail(job, _("The export could not be made. Ask for it again, or tell the provider."))
        return
    current_app.send_task(TASK, args=[str(job.pk)], retry=False, ignore_result=True)
    enqueue(
        EFFECT,
        key=f"{EFFECT}:{job.pk}:{turn + 1}",
        payload={"job": str(job.pk), "turn": turn + 1},
        delay=min(RECHECK_AFTER * turn, LONGEST_WAIT),
    )
