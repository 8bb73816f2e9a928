"""Reading notices that were sent, with a number of queries that does not grow with them."""

from django.db.models import Prefetch, QuerySet

from workflows.cases.models import Attachment, Case
from workflows.notices.models import Notice
from workflows.notices.services import NOT_FOR_THE_PERSON


def notices_of(case: Case) -> QuerySet[Notice]:
    """Return the notices of a case, latest first, with their files (PDF, HTML, text) and texts."""
    files = Prefetch("files", Attachment.objects.order_by("media_type"))
    return case.notices.order_by("-sent_at", "-id").prefetch_related(files, "texts")


def notices_to_the_person(case: Case) -> QuerySet[Notice]:
    """Return the notices that went to the person, latest first."""
    return notices_of(case).exclude(kind__in=NOT_FOR_THE_PERSON)


def other_files(case: Case) -> QuerySet[Attachment]:
    """Return the files of a case that belong to no notice."""
    return case.attachments.filter(notices=None)


def files_of_the_person(case: Case) -> QuerySet[Attachment]:
    """Return the files that the person may fetch: all but those for somebody else."""
    return case.attachments.exclude(notices__kind__in=NOT_FOR_THE_PERSON)
