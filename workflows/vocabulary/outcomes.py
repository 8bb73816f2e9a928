"""What became of an item, and of which places an answer speaks."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Scope(TextChoices):
    """The five places of which an answer must speak."""

    RAW_COLLECTION = "raw_collection", _("Raw collection")
    TRAINING_SNAPSHOT = "training_snapshot", _("Training data")
    FINE_TUNING = "fine_tuning", _("Fine-tuning and feedback")
    MODEL = "model", _("Model")
    PROMPTS_OUTPUTS = "prompts_outputs", _("Prompts and outputs")


class ScopeResult(TextChoices):
    """What the search of one scope came to."""

    SEARCHED = "searched", _("Searched, nothing found")
    FOUND = "found", _("Found")
    NOT_IDENTIFIABLE = "not_identifiable", _("Cannot be identified there")
    NOT_SEARCHED = "not_searched", _("Not searched")


class Outcome(TextChoices):
    """What became of an item."""

    PROVIDED = "provided", _("Provided")
    CORRECTED = "corrected", _("Corrected")
    SUPPLEMENTED = "supplemented", _("Supplemented")
    DELETED = "deleted", _("Deleted")
    ANONYMISED = "anonymised", _("Anonymised")
    PROCESSING_STOPPED = "processing_stopped", _("Processing stopped, not deleted")
    SUPPRESSED_IN_OUTPUT = "suppressed_in_output", _("Suppressed in the model's output")
    QUEUED_FOR_RETRAINING = "queued_for_retraining", _("Queued for the next training")
    REFUSED = "refused", _("Refused")
    NOT_IDENTIFIABLE = "not_identifiable", _("Cannot be identified")
    NOT_HELD = "not_held", _("Nothing is held")


# Outcomes which say "no" or "nothing": they grant nothing and so need no proof of identity.
NOT_GRANTED = frozenset({Outcome.REFUSED, Outcome.NOT_IDENTIFIABLE, Outcome.NOT_HELD})


def grants(outcome: str) -> bool:
    """Return whether an outcome gives something of what was asked for; an undecided item has none.

    What counts as granted is decided here, for guards, notices and figures alike.
    """
    return bool(outcome) and outcome not in NOT_GRANTED


# Outcomes which claim that data were changed: true only when an instruction was carried out.
CHANGES_DATA = frozenset(
    {Outcome.CORRECTED, Outcome.SUPPLEMENTED, Outcome.DELETED, Outcome.ANONYMISED}
)
# Outcomes which act upon what the person says is right: some laws want it verified first.
CORRECTING = frozenset({Outcome.CORRECTED, Outcome.SUPPLEMENTED})
