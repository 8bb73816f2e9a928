"""What goes in and out of version 1. Rules stand in the domain; here stand shapes."""

from collections.abc import Mapping
from heapq import nsmallest
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.settings import api_settings

from requests_portal.api.bounds import MOST_NAMED
from workflows.cases.access import NUMBER_PATTERN, RECEIPT_PATTERN
from workflows.cases.filing_request import (
    MAX_CODE,
    MAX_ENTRIES,
    MAX_IDENTIFIERS,
    MAX_ITEMS,
    MAX_SHORT,
    MAX_TEXT,
)
from workflows.cases.lifecycle import State
from workflows.cases.models import Clock
from workflows.exports.encryption import LONGEST_RECIPIENT
from workflows.exports.files import Format
from workflows.exports.models import BundleJob
from workflows.oversight.checkpoints import LONGEST_NOTE
from workflows.oversight.filters import LONGEST_REASON
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.outcomes import Outcome
from workflows.vocabulary.people import IdentifierKind, RequesterRole

CASE_STATES = [(state.value, state.value) for state in State]


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know, so that a misspelt one is never lost in silence."""

    def to_internal_value(self, data: Any) -> Any:
        """Validate the fields, after refusing unknown ones."""
        if isinstance(data, Mapping):
            unknown = set(data) - set(self.fields)
            named = nsmallest(MOST_NAMED // 2, unknown)
            errors = {name: ["There is no such field."] for name in named}
            if len(unknown) > len(named):
                more = f"There are {len(unknown) - len(named)} more fields that do not exist."
                errors = {api_settings.NON_FIELD_ERRORS_KEY: [more], **errors}
            if errors:
                raise serializers.ValidationError(errors)
        return super().to_internal_value(data)


class BoundedListField(serializers.ListField):
    """A list whose length is looked at before its entries are."""

    def to_internal_value(self, data: Any) -> list[Any]:
        """Refuse a list that is too long, then validate the entries."""
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            message = self.error_messages["max_length"].format(max_length=self.max_length)
            raise serializers.ValidationError(message, code="max_length")
        entries: list[Any] = super().to_internal_value(data)
        return entries


class CaseNumberField(serializers.RegexField):
    """A case number as it is told."""

    def __init__(self, **options: Any) -> None:
        super().__init__(NUMBER_PATTERN, **options)


class OptionalText(serializers.CharField):
    """A text that may be left out, or be empty, which says the same."""

    def __init__(self, longest: int, **options: Any) -> None:
        super().__init__(
            required=False, default="", allow_blank=True, max_length=longest, **options
        )


class DetailsSerializer(StrictSerializer):
    """What a person says about one item; all of it is optional."""

    statement = OptionalText(MAX_TEXT)
    claimed = OptionalText(MAX_TEXT)
    correct = OptionalText(MAX_TEXT)
    where_seen = OptionalText(MAX_TEXT)
    prompts = BoundedListField(
        child=serializers.CharField(max_length=MAX_TEXT), required=False, max_length=MAX_ENTRIES
    )
    urls = BoundedListField(
        child=serializers.CharField(max_length=MAX_TEXT), required=False, max_length=MAX_ENTRIES
    )


class ItemSerializer(StrictSerializer):
    """One right that is asked for."""

    kind = serializers.ChoiceField(choices=ItemKind.choices)
    details = DetailsSerializer(required=False, default=dict)


class IdentifierSerializer(StrictSerializer):
    """Something by which the person can be found."""

    kind = serializers.ChoiceField(choices=IdentifierKind.choices)
    value = serializers.CharField(max_length=MAX_TEXT)


class FilingSerializer(StrictSerializer):
    """A request as it is filed."""

    # The stubs do not know what a serializer of many takes besides.
    items = ItemSerializer(  # type: ignore[call-arg]
        many=True, allow_empty=False, max_length=MAX_ITEMS
    )
    residence = serializers.CharField(
        max_length=MAX_CODE,
        help_text="A country (ISO 3166-1), such as CN, or a part of one (ISO 3166-2), such as"
        " DE-BE, GB-SCT, US-CA. Anything else is refused.",
    )
    language = serializers.ChoiceField(choices=settings.LANGUAGES)
    subject_name = serializers.CharField(max_length=MAX_SHORT)
    identifiers = IdentifierSerializer(  # type: ignore[call-arg]
        many=True, required=False, default=list, max_length=MAX_IDENTIFIERS
    )
    requester_role = serializers.ChoiceField(
        choices=RequesterRole.choices, required=False, default=RequesterRole.SELF
    )
    requester_name = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=MAX_SHORT
    )
    authority = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=MAX_TEXT
    )
    kinship = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=MAX_TEXT
    )
    own_interest = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=MAX_TEXT
    )
    arrangement = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=MAX_TEXT
    )
    email = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=MAX_SHORT
    )
    phone = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=MAX_SHORT
    )
    service = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=MAX_SHORT
    )


class FiledSerializer(serializers.Serializer[Any]):
    """The receipt. `receipt` is the secret that opens the case, told here and nowhere else."""

    case_number = CaseNumberField()
    receipt = serializers.RegexField(RECEIPT_PATTERN)
    status = serializers.URLField(help_text="Where the status can be asked for.")
    due_on = serializers.DateField(allow_null=True)


class ClockSerializer(serializers.Serializer[Any]):
    """One time limit with its arithmetic."""

    regime = serializers.CharField(max_length=10)
    kind = serializers.CharField(max_length=30)
    state = serializers.ChoiceField(choices=Clock.State.choices)
    leads = serializers.BooleanField()
    due_on = serializers.DateField(allow_null=True)
    provisional = serializers.BooleanField()
    explanation = serializers.ListField(child=serializers.CharField())


class StepSerializer(serializers.Serializer[Any]):
    """One step of the case in plain words."""

    at = serializers.DateTimeField()
    event = serializers.CharField(source="name")
    sentence = serializers.CharField()


class ItemStatusSerializer(serializers.Serializer[Any]):
    """One item; its outcome is told once the case is answered, and is empty before."""

    kind = serializers.ChoiceField(choices=ItemKind.choices)
    outcome = serializers.ChoiceField(choices=Outcome.choices, allow_blank=True)


class StatusSerializer(serializers.Serializer[Any]):
    """A case as its requester sees it."""

    case_number = CaseNumberField()
    state = serializers.ChoiceField(choices=CASE_STATES)
    filed_at = serializers.DateTimeField()
    due_on = serializers.DateField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    items = ItemStatusSerializer(many=True)
    clocks = ClockSerializer(many=True)
    timeline = StepSerializer(many=True)


class CaseQuerySerializer(serializers.Serializer[None]):
    """Which cases are listed."""

    state = serializers.ListField(
        child=serializers.ChoiceField(choices=CASE_STATES), required=False, default=list
    )


class CaseSummarySerializer(serializers.Serializer[Any]):
    """A case in a regulator's list; without personal data."""

    case_number = CaseNumberField(source="number")
    state = serializers.ChoiceField(choices=CASE_STATES)
    kinds = serializers.ListField(child=serializers.ChoiceField(choices=ItemKind.choices))
    regimes = serializers.ListField(child=serializers.CharField(max_length=10))
    language = serializers.ChoiceField(choices=settings.LANGUAGES)
    filed_at = serializers.DateTimeField()
    due_on = serializers.DateField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(component_name="Bundle")
class BundleRequestSerializer(StrictSerializer):
    """What a regulator wants exported; nothing means everything of the regime."""

    since = serializers.DateField(required=False, default=None, allow_null=True)
    until = serializers.DateField(required=False, default=None, allow_null=True)
    states = BoundedListField(
        child=serializers.ChoiceField(choices=CASE_STATES),
        required=False,
        default=list,
        max_length=len(CASE_STATES),
    )
    case = OptionalText(MAX_CODE, help_text="Its number.")
    identity_reason = OptionalText(LONGEST_REASON)
    register = serializers.BooleanField(
        required=False,
        default=False,
        help_text="With one case: the receipts of all other requests, which prove none is missing.",
    )
    formats = BoundedListField(
        child=serializers.ChoiceField(choices=list(Format)),
        required=False,
        default=list,
        max_length=len(Format),
        help_text="Besides CSV and JSON Lines: xlsx, pdf; bom puts a byte order mark into the CSV.",
    )
    recipient = OptionalText(
        LONGEST_RECIPIENT, help_text="An age recipient (age1…) to whom the file is encrypted."
    )
    previous = OptionalText(
        LONGEST_NOTE,
        trim_whitespace=False,
        help_text="The signed checkpoint that you kept from your last export.",
    )


class BundleJobSerializer(serializers.ModelSerializer[BundleJob]):
    """How far an export is; its file can be fetched while it is ready."""

    state = serializers.ChoiceField(
        source="state_now", choices=BundleJob.State.choices, read_only=True
    )
    formats = serializers.ListField(
        child=serializers.ChoiceField(choices=list(Format)), read_only=True
    )
    sha256 = serializers.RegexField(
        r"^([0-9a-f]{64})?$", read_only=True, help_text="Of the file; empty until it is ready."
    )

    class Meta:
        model = BundleJob
        fields = [
            "id",
            "regime",
            "state",
            "formats",
            "recipient",
            "done",
            "total",
            "size",
            "sha256",
            "log_size",
            "error",
            "created_at",
            "finished_at",
            "expires_at",
        ]
        read_only_fields = fields
