"""Names kinds of item that the yearly figures could not count."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from workflows.statistics.yearly import CALIFORNIA_ORDER
from workflows.vocabulary.item_kinds import ItemKind


@register("kinds", Tags.compatibility)
def check_types_of_item_kinds(**_: Any) -> list[CheckMessage]:
    """Name kinds of item that say they are of a type which the law of California does not name."""
    return [
        Error(
            f"The item kind {kind.value!r} is of the type {kind.definition.california_type!r}, and"
            " 11 CCR § 7102 names none such.",
            hint=f"Known are: {', '.join(CALIFORNIA_ORDER)}; or None for what is no request there.",
            id="statistics.E001",
        )
        for kind in ItemKind
        if kind.definition.california_type not in {None, *CALIFORNIA_ORDER}
    ]
