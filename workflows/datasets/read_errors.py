"""Why a snapshot cannot be read, in words for those who registered it."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.corpus.values import ReadProblem
from workflows.datasets.models import Snapshot

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SENTENCES: dict[str, "StrOrPromise"] = {
    ReadProblem.MISSING: gettext_lazy("%(about)s does not exist."),
    ReadProblem.EMPTY: gettext_lazy("%(about)s holds no file of this format with records in it."),
    ReadProblem.BROKEN: gettext_lazy("%(about)s is damaged, or is not of this format."),
    ReadProblem.NO_FIELD: gettext_lazy("The records have no field %(about)s."),
    ReadProblem.NOT_TEXT: gettext_lazy("The field %(about)s does not hold text."),
    ReadProblem.TOO_LONG: gettext_lazy("%(about)s has a record that is too long to be one."),
    ReadProblem.NOT_UTF8: gettext_lazy("%(about)s is not written in UTF-8. Convert it first."),
    ReadProblem.UNREACHABLE: gettext_lazy("The database of %(about)s could not be reached."),
    ReadProblem.OUTSIDE: gettext_lazy(
        "%(about)s lies outside of the folders that this server may read (DATASETS_DIRS)."
    ),
    ReadProblem.NO_DATABASE: gettext_lazy(
        "The settings name no database %(about)s (DATASET_DATABASE_…)."
    ),
    ReadProblem.CHANGED: gettext_lazy("%(about)s has changed since it was registered."),
    ReadProblem.GAVE_UP: gettext_lazy("Reading it was tried many times and never came to an end."),
}


def read_error_text(problem: str, about: str) -> str:
    """Return a problem as a sentence in the language of the reader."""
    words = SENTENCES.get(problem)
    return str(words) % {"about": about} if words else problem


def read_error_of(snapshot: Snapshot) -> str:
    """Return why a snapshot cannot be read and what to do, or an empty text."""
    if not snapshot.problem:
        return ""
    what = read_error_text(snapshot.problem, snapshot.problem_about)
    return _("%(problem)s Mend it and have it read again.") % {"problem": what}
