"""The closed vocabularies of a case, in the words of the statutes. Each word has one meaning."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from workflows.vocabulary.outcomes import Outcome


class ItemKind(TextChoices):
    """One right, exercised about one thing."""

    CONSULT = "consult", _("See what information is held")
    COPY = "copy", _("Get a copy")
    CORRECT = "correct", _("Correct something wrong")
    SUPPLEMENT = "supplement", _("Add something missing")
    DELETE = "delete", _("Delete information")
    EXPLAIN = "explain", _("Have the processing explained")
    RESTRICT = "restrict", _("Limit the processing")
    OBJECT = "object", _("Object to the processing")
    WITHDRAW_CONSENT = "withdraw_consent", _("Withdraw consent")
    TRANSFER = "transfer", _("Transfer the information to another provider")
    OPT_OUT_TRAINING = "opt_out_training", _("Keep information out of future training")
    MODEL_OUTPUT = "model_output", _("Report what a model said about a person")
    COMPLAINT = "complaint", _("Complain about how a request was handled")
    IP_CLAIM = "ip_claim", _("Claim a work that was used for training")


# Outcomes which stand in for what was asked: only where the law knows that, and with the reason.
STANDS_IN = frozenset(
    {
        (ItemKind.DELETE, Outcome.PROCESSING_STOPPED),
        (ItemKind.CORRECT, Outcome.DELETED),
    }
)

# What an item of each kind can come to; every kind can also be refused or come to nothing.
OUTCOMES_OF_KIND: dict[str, tuple[Outcome, ...]] = {
    ItemKind.CONSULT: (Outcome.PROVIDED,),
    ItemKind.COPY: (Outcome.PROVIDED,),
    ItemKind.CORRECT: (
        Outcome.CORRECTED,
        Outcome.DELETED,
        Outcome.SUPPRESSED_IN_OUTPUT,
        Outcome.QUEUED_FOR_RETRAINING,
    ),
    ItemKind.SUPPLEMENT: (Outcome.SUPPLEMENTED, Outcome.QUEUED_FOR_RETRAINING),
    ItemKind.DELETE: (
        Outcome.DELETED,
        Outcome.ANONYMISED,
        Outcome.PROCESSING_STOPPED,
        Outcome.SUPPRESSED_IN_OUTPUT,
        Outcome.QUEUED_FOR_RETRAINING,
    ),
    ItemKind.EXPLAIN: (Outcome.PROVIDED,),
    ItemKind.RESTRICT: (Outcome.PROCESSING_STOPPED,),
    ItemKind.OBJECT: (Outcome.PROCESSING_STOPPED, Outcome.QUEUED_FOR_RETRAINING),
    ItemKind.WITHDRAW_CONSENT: (Outcome.PROCESSING_STOPPED, Outcome.DELETED),
    ItemKind.TRANSFER: (Outcome.PROVIDED,),
    ItemKind.OPT_OUT_TRAINING: (Outcome.PROCESSING_STOPPED, Outcome.QUEUED_FOR_RETRAINING),
    ItemKind.MODEL_OUTPUT: (
        Outcome.SUPPRESSED_IN_OUTPUT,
        Outcome.CORRECTED,
        Outcome.DELETED,
        Outcome.QUEUED_FOR_RETRAINING,
    ),
    ItemKind.COMPLAINT: (Outcome.PROVIDED,),
    ItemKind.IP_CLAIM: (
        Outcome.DELETED,
        Outcome.PROCESSING_STOPPED,
        Outcome.QUEUED_FOR_RETRAINING,
    ),
}


def outcomes_for(kind: str) -> tuple[Outcome, ...]:
    """Return the outcomes that staff may propose for an item of this kind, grants first."""
    return (*OUTCOMES_OF_KIND[kind], Outcome.REFUSED, Outcome.NOT_IDENTIFIABLE, Outcome.NOT_HELD)
