"""Reading notices that were sent, with a number of queries that does not grow with them."""

from django.db.models import Prefetch, QuerySet

from workflows.cases.attachments import read_attachment
from workflows.cases.models import Attachment, Case, Message
from workflows.notices.kinds import NOT_FOR_THE_PERSON
from workflows.notices.markup import fragment_of
from workflows.notices.models import Notice


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


def letter_of(message: Message) -> str:
    """Return the notice that a message tells as HTML without its title, all words in it escaped.

    It is empty where the message is no notice, or the file was erased.
    """
    page = (
        Attachment.objects.filter(notices__message=message, media_type="text/html")
        .select_related("file__data_key")
        .first()
    )
    return fragment_of(b"".join(read_attachment(page)).decode()) if page else ""
