"""The closed vocabularies of a case, in the words of the statutes. Each word has one meaning."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


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


class RequesterRole(TextChoices):
    """For whom, and by what right, a request is filed."""

    SELF = "self", _("Myself")
    GUARDIAN = "guardian", _("A child or a person in my care")
    NEAR_RELATIVE = "near_relative", _("A relative who has died")
    AGENT = "agent", _("Someone who asked me to act for them")


class IdentifierKind(TextChoices):
    """Something by which the subject can be found in a dataset."""

    NAME = "name", _("Name or other spelling of the name")
    EMAIL = "email", _("E-mail address")
    PHONE = "phone", _("Phone number")
    HANDLE = "handle", _("User name or handle")
    URL = "url", _("Web address")
    NATIONAL_ID = "national_id", _("Identity number")
    OTHER = "other", _("Something else")


class Channel(TextChoices):
    """How the request reached the provider."""

    WEB = "web", _("Web form")
    API = "api", _("API")
    DRP = "drp", _("Data Rights Protocol")
    STAFF = "staff", _("Entered by staff")


class Assurance(TextChoices):
    """How well the requester is known, weakest first."""

    NONE = "none", _("Not known")
    CONTACT = "contact", _("Contact confirmed")
    MATCHED = "matched", _("Data points matched")
    DOCUMENT = "document", _("Document checked")
    MANDATE = "mandate", _("Mandate checked")


# What a member of staff may find out about who asks; a confirmed contact is found out by a link.
ACCEPTED_BY_STAFF = (Assurance.CONTACT, Assurance.MATCHED, Assurance.DOCUMENT, Assurance.MANDATE)


class ErasureGround(TextChoices):
    """Why the personal data of a case are erased."""

    RETENTION_OVER = "retention_over", _("The time for keeping the record is over")
    NO_LONGER_NEEDED = "no_longer_needed", _("The record is no longer needed")
    PERSON_ASKED = "person_asked", _("The person asked for it")
    UNLAWFUL = "unlawful", _("The record was made or kept unlawfully")
    LEGAL_DUTY = "legal_duty", _("A law or an authority demands it")


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
    NOT_IDENTIFIABLE = "not_identifiable", _("The person cannot be identified there")
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
WITHOUT_GRANT = frozenset({Outcome.REFUSED, Outcome.NOT_IDENTIFIABLE, Outcome.NOT_HELD})

# Outcomes which claim that data were changed: true only when an instruction was carried out.
CHANGES_DATA = frozenset(
    {Outcome.CORRECTED, Outcome.SUPPLEMENTED, Outcome.DELETED, Outcome.ANONYMISED}
)

# Outcomes which act upon what the person says is right: some laws want it verified first.
CORRECTS = frozenset({Outcome.CORRECTED, Outcome.SUPPLEMENTED})

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


_ASSURANCE_ORDER = list(Assurance)


def assurance_suffices(held: str, needed: str) -> bool:
    """Return whether the assurance `held` is at least as strong as the one `needed`."""
    return _ASSURANCE_ORDER.index(Assurance(held)) >= _ASSURANCE_ORDER.index(Assurance(needed))
