"""The notices that laws ask for, and what a notice can be required to say.

What a notice of each kind is made of stands in `workflows.notices.kinds`.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class NoticeKind(TextChoices):
    """A kind of notice; 30 characters at most."""

    ACKNOWLEDGEMENT = "acknowledgement", _("Acknowledgement of receipt")
    IDENTITY_REQUEST = "identity_request", _("Request for proof of identity")
    CLARIFICATION = "clarification", _("Request for information")
    EXTENSION = "extension", _("Notice of extension")
    ACCESS_ANSWER = "access_answer", _("Answer: access")
    CORRECTION_ANSWER = "correction_answer", _("Answer: correction")
    DELETION_ANSWER = "deletion_answer", _("Answer: deletion")
    EXPLANATION_ANSWER = "explanation_answer", _("Answer: explanation")
    OBJECTION_ANSWER = "objection_answer", _("Answer: objection")
    REFUSAL = "refusal", _("Refusal")
    FEE = "fee", _("Notice of a fee")
    RECIPIENTS = "recipients", _("Notice to a recipient of data")
    CHANGE_OF_LAW = "change_of_law", _("Notice of a change of law")
    LATENESS = "lateness", _("Notice of lateness")
    COMPLAINT_ACKNOWLEDGEMENT = "complaint_acknowledgement", _("Acknowledgement of a complaint")
    COMPLAINT_OUTCOME = "complaint_outcome", _("Outcome of a complaint")
    ANSWER = "answer", _("Answer")


class NoticeElement(TextChoices):
    """What a notice can be required to say; the texts of notices mark where they say it."""

    ACTION_TAKEN = "action_taken", _("what was done")
    APOLOGY = "apology", _("an apology")
    APPEAL_ROUTE = "appeal_route", _("how to appeal")
    AUTHORITY = "authority", _("the authority to complain to")
    AUTOMATED_LOGIC = "automated_logic", _("how automated decisions work")
    BEFORE_AND_AFTER = "before_and_after", _("what stood there before and what stands there now")
    CASE_NUMBER = "case_number", _("the case number")
    CATEGORIES = "categories", _("the kinds of information")
    COMPLIED_OR_NOT = "complied_or_not", _("whether the request was complied with")
    COPY_OF_DATA = "copy_of_data", _("the copy of the information")
    COURT = "court", _("the way to court")
    DATASET_VERSION = "dataset_version", _("the version of the dataset")
    DUE_DATE = "due_date", _("the day by which the answer comes")
    EFFECT_ON_CLOCK = "effect_on_clock", _("what this means for the time to answer")
    EFFECTIVE_FROM = "effective_from", _("the day from which it takes effect")
    FEE_AMOUNT = "fee_amount", _("the amount of the fee")
    FEE_REASON = "fee_reason", _("the reason for the fee")
    GENERAL_PRACTICES = "general_practices", _("where the kinds of information held are described")
    HEALTH_STATEMENT = "health_statement", _("that a statement on health information can be added")
    HOW_PROCESSED = "how_processed", _("how the request is handled")
    IDENTITY_ACCEPTED = "identity_accepted", _("what is accepted as proof of identity")
    IDENTITY_DOUBT = "identity_doubt", _("the doubt about who asks")
    IDENTITY_USE = "identity_use", _("what the proof of identity is used for")
    IN_WRITING = "in_writing", _("that this is given in writing")
    INTERNAL_REVIEW = "internal_review", _("how to have the answer looked at again")
    MAY_DELETE = "may_delete", _("that the information can be deleted instead")
    LEGAL_BASIS = "legal_basis", _("the legal basis")
    MAY_WITHDRAW = "may_withdraw", _("that the request may be withdrawn")
    NEW_DATE = "new_date", _("the new day")
    NUMBER_OF_DATA = "number_of_data", _("how much information there is")
    OPT_OUT_OFFER = "opt_out_offer", _("how to opt out of sale and sharing")
    OUTCOME = "outcome", _("the outcome")
    PROCESSING_RULES = "processing_rules", _("the rules of the processing")
    PROGRESS = "progress", _("what was done about the complaint")
    PROVISION = "provision", _("the provision relied on")
    PURPOSES = "purposes", _("the purposes")
    QUESTION = "question", _("the question")
    REASONS = "reasons", _("the reasons")
    RECEIPT_TIME = "receipt_time", _("when it was received")
    RECIPIENTS = "recipients", _("who received the information")
    RECORD_KEPT = "record_kept", _("that a record is kept")
    REFUSED_ITEMS = "refused_items", _("what is refused")
    RETENTION = "retention", _("how long information is kept")
    RIGHTS = "rights", _("the rights of the person")
    SCOPES = "scopes", _("where was searched, and what came of it")
    SOURCE_OF_DATA = "source_of_data", _("where the information comes from")
    SPECIFIC_FACTS = "specific_facts", _("the facts of the case")
    STORAGE_ONLY = "storage_only", _("whether anything is merely stored")
    TIME_LIMIT_TO_APPEAL = "time_limit_to_appeal", _("the time limit to appeal")
    TRANSFERS = "transfers", _("transfers to other countries and their safeguards")
    VERIFICATION_PROCESS = "verification_process", _("how identity is verified")
    VERIFIED = "verified", _("that the statement was checked first")
    WHAT_IS_STILL_HELD = "what_is_still_held", _("what is still held")
