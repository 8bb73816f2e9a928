"""What each element of a notice is called, and which placeholders its words cannot do without.

The elements are those of `regimes.terms.NOTICE_ELEMENTS`; which notice needs which of them the
regimes say. An element that is not among `NEEDED` is said by the words of the text alone.
"""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from workflows.regimes.terms import NOTICE_KINDS

# The answer is no notice of the law: it binds those together that its items call for.
ANSWER = "answer"
KINDS = (*NOTICE_KINDS, ANSWER)

KIND_NAMES: Mapping[str, object] = {
    "acknowledgement": _("Acknowledgement of receipt"),
    "identity_request": _("Request for proof of identity"),
    "clarification": _("Request for information"),
    "extension": _("Notice of extension"),
    "access_answer": _("Answer: access"),
    "correction_answer": _("Answer: correction"),
    "deletion_answer": _("Answer: deletion"),
    "explanation_answer": _("Answer: explanation"),
    "objection_answer": _("Answer: objection"),
    "refusal": _("Refusal"),
    "fee": _("Notice of a fee"),
    "recipients": _("Notice to a recipient of data"),
    "lateness": _("Notice of lateness"),
    "complaint_acknowledgement": _("Acknowledgement of a complaint"),
    "complaint_outcome": _("Outcome of a complaint"),
    ANSWER: _("Answer"),
}

ELEMENT_NAMES: Mapping[str, object] = {
    "action_taken": _("what was done"),
    "apology": _("an apology"),
    "appeal_route": _("how to appeal"),
    "authority": _("the authority to complain to"),
    "automated_logic": _("how automated decisions work"),
    "before_and_after": _("what stood there before and what stands there now"),
    "case_number": _("the case number"),
    "categories": _("the kinds of information"),
    "complied_or_not": _("whether the request was complied with"),
    "copy_of_data": _("the copy of the information"),
    "court": _("the way to court"),
    "dataset_version": _("the version of the dataset"),
    "due_date": _("the day by which the answer comes"),
    "effect_on_clock": _("what this means for the time to answer"),
    "effective_from": _("the day from which it takes effect"),
    "fee_amount": _("the amount of the fee"),
    "fee_reason": _("the reason for the fee"),
    "how_processed": _("how the request is handled"),
    "identity_accepted": _("what is accepted as proof of identity"),
    "identity_doubt": _("the doubt about who asks"),
    "identity_use": _("what the proof of identity is used for"),
    "in_writing": _("that this is given in writing"),
    "internal_review": _("how to have the answer looked at again"),
    "may_withdraw": _("that the request may be withdrawn"),
    "new_date": _("the new day"),
    "number_of_data": _("how much information there is"),
    "outcome": _("the outcome"),
    "processing_rules": _("the rules of the processing"),
    "progress": _("what was done about the complaint"),
    "provision": _("the provision relied on"),
    "purposes": _("the purposes"),
    "question": _("the question"),
    "reasons": _("the reasons"),
    "receipt_time": _("when it was received"),
    "recipients": _("who received the information"),
    "record_kept": _("that a record is kept"),
    "refused_items": _("what is refused"),
    "retention": _("how long information is kept"),
    "rights": _("the rights of the person"),
    "scopes": _("where was searched, and what came of it"),
    "source_of_data": _("where the information comes from"),
    "specific_facts": _("the facts of the case"),
    "storage_only": _("whether anything is merely stored"),
    "time_limit_to_appeal": _("the time limit to appeal"),
    "verification_process": _("how identity is verified"),
    "verified": _("that the statement was checked first"),
    "what_is_still_held": _("what is still held"),
}


def _alone(*elements: str) -> dict[str, frozenset[str]]:
    """Say that each element needs the placeholder of its own name."""
    return {element: frozenset({element}) for element in elements}


NEEDED: Mapping[str, frozenset[str]] = _alone(
    "action_taken",
    "appeal_route",
    "authority",
    "before_and_after",
    "case_number",
    "complied_or_not",
    "copy_of_data",
    "court",
    "dataset_version",
    "due_date",
    "effect_on_clock",
    "effective_from",
    "fee_amount",
    "fee_reason",
    "identity_doubt",
    "new_date",
    "number_of_data",
    "outcome",
    "provision",
    "question",
    "reasons",
    "receipt_time",
    "refused_items",
    "rights",
    "scopes",
    "specific_facts",
    "storage_only",
    "verified",
    "what_is_still_held",
)

# Placeholders of every kind of notice.
_COMMON = frozenset(
    {
        "appeal_route",
        "authority",
        "authority_address",
        "authority_link",
        "case_number",
        "court",
        "filed_on",
        "provider",
        "record_rule",
        "regime",
        "rights",
        "today",
    }
)
_ITEMS = frozenset({"datasets", "items", "scopes"})
# What the placeholders of each kind are beyond that.
_OF_KIND: Mapping[str, frozenset[str]] = {
    "acknowledgement": frozenset({"due_date", "receipt_time", "rule"}),
    "identity_request": frozenset({"effect_on_clock", "identity_accepted", "identity_doubt"}),
    "clarification": frozenset({"effect_on_clock", "question"}),
    "extension": frozenset({"new_date", "reasons"}),
    "access_answer": _ITEMS
    | {"categories", "copy_of_data", "number_of_data", "recipients", "source_of_data"}
    | {"what_is_still_held"},
    "correction_answer": _ITEMS | {"before_and_after", "complied_or_not", "verified"},
    "deletion_answer": _ITEMS | {"complied_or_not", "storage_only"},
    "explanation_answer": _ITEMS | {"source_of_data"},
    "objection_answer": _ITEMS | {"action_taken", "effective_from"},
    "refusal": frozenset({"provision", "reasons", "refused_items", "scopes", "specific_facts"})
    | {"internal_review", "what_is_still_held"},
    "fee": frozenset({"effect_on_clock", "fee_amount", "fee_reason"})
    | {"pay_until", "withdraw_until"},
    "recipients": frozenset({"action_taken", "dataset_version", "records"}),
    "lateness": frozenset({"due_date", "new_date"}),
    "complaint_acknowledgement": frozenset({"due_date", "receipt_time"}),
    "complaint_outcome": frozenset({"outcome", "progress", "reasons"}),
    ANSWER: frozenset({"parts"}),
}
# Placeholders whose value is words inside a sentence; all others are passages of their own.
WORDS = frozenset(
    {
        "appeal_route",
        "authority",
        "authority_address",
        "authority_link",
        "case_number",
        "court",
        "dataset_version",
        "due_date",
        "effect_on_clock",
        "fee_amount",
        "filed_on",
        "internal_review",
        "new_date",
        "pay_until",
        "provider",
        "provision",
        "receipt_time",
        "record_rule",
        "regime",
        "rule",
        "today",
        "withdraw_until",
    }
)


def placeholders_of(kind: str) -> frozenset[str]:
    """Return the placeholders that a text of this kind may use."""
    return _COMMON | _OF_KIND[kind]
