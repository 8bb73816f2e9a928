"""Which placeholders the words of an element cannot do without, and what placeholders stand for.

Which notice must tell which element the regimes say. An element that is not among
`REQUIRED_PLACEHOLDERS` is told by the words of the text alone.
"""

from collections.abc import Mapping

from workflows.notices.clauses import PLACEHOLDERS


def _alone(*elements: str) -> dict[str, frozenset[str]]:
    """Say that each element needs the placeholder of its own name."""
    return {element: frozenset({element}) for element in elements}


_ALONE = _alone(
    "action_taken",
    "appeal_route",
    "authority",
    "before_and_after",
    "case_number",
    "categories",
    "complied_or_not",
    "copy_of_data",
    "court",
    "dataset_version",
    "due_date",
    "effect_on_clock",
    "effective_from",
    "fee_amount",
    "fee_reason",
    "identity_accepted",
    "identity_doubt",
    "legal_basis",
    "new_date",
    "number_of_data",
    "outcome",
    "provision",
    "purposes",
    "question",
    "reasons",
    "receipt_time",
    "recipients",
    "refused_items",
    "retention",
    "rights",
    "scopes",
    "source_of_data",
    "specific_facts",
    "storage_only",
    "transfers",
    "verified",
    "what_is_still_held",
)
# What follows neither from the case nor from the register is told by a clause.
_BY_CLAUSE = {
    "automated_logic": frozenset({"clause_automated_decisions"}),
    "identity_use": frozenset({"clause_identity_use"}),
    "processing_rules": frozenset({"clause_processing_rules"}),
    "verification_process": frozenset({"clause_verification_process"}),
}
REQUIRED_PLACEHOLDERS: Mapping[str, frozenset[str]] = {**_ALONE, **_BY_CLAUSE}

# Placeholders of every kind of notice, beside the clauses.
COMMON = PLACEHOLDERS | frozenset(
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
        "rights_intro",
        "today",
    }
)
# Placeholders whose value is words inside a sentence; all others are passages of their own.
PLACEHOLDER_LABELS = frozenset(
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
        "rights_intro",
        "rule",
        "today",
        "withdraw_until",
    }
)
