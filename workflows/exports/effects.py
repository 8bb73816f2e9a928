"""What follows a request for an export: a worker makes it, until it is finished.

A policy of the database lets a regulator's role ask for work on its own jobs only.
"""

from django.utils import translation
from django.utils.translation import gettext as _

from workflows.exports.jobs import EFFECT, UNFINISHED, fail
from workflows.exports.models import BundleJob
from workflows.outbox.long_work import long_work
from workflows.outbox.periodic import periodic


def _abandon_making(job_id: str) -> None:
    job = BundleJob.objects.get(pk=job_id)
    with translation.override(job.language):
        fail(job, _("The export could not be made. Ask for it again, or tell the provider."))


# It goes on where it was stopped.
@long_work(
    EFFECT,
    "workflows.exports.making.make_bundle",
    give_up=_abandon_making,
    begins_anew=False,
)
def is_unfinished(job_id: str) -> bool:
    """Return whether an export is still to be made."""
    return BundleJob.objects.filter(pk=job_id, state__in=UNFINISHED).exists()


periodic("purge", "exports", "workflows.exports.jobs.purge_bundles")
