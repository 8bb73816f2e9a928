"""Which placeholders the words of an element cannot do without, and what placeholders stand for.

Which notice must tell which element the regimes say. An element that is not among
`REQUIRED_PLACEHOLDERS` is told by the words of the text alone.
"""

from collections.abc import Mapping


def _alone(*elements: str) -> dict[str, frozenset[str]]:
    """Say that each element needs the placeholder of its own name."""
    return {element: frozenset({element}) for element in elements}


REQUIRED_PLACEHOLDERS: Mapping[str, frozenset[str]] = _alone(
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
COMMON = frozenset(
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
        "rule",
        "today",
        "withdraw_until",
    }
)
