"""The case, the law it was filed under, its people and how they are found, the items asked for."""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from functools import lru_cache

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.cases.lifecycle import FINAL, OPEN, OUTCOME_TOLD, State
from workflows.cases.names import STATE_NAMES
from workflows.ledger.canonical import canonical_json
from workflows.regimes.rules.regime import Regime
from workflows.regimes.services import get_regime
from workflows.vault.fields import SealedJSON, SealedModel, SealedText
from workflows.vault.models import DataKey
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.outcomes import Outcome, Scope, ScopeResult
from workflows.vocabulary.people import Assurance, Channel, IdentifierKind, RequesterRole


class RegimeVersion(models.Model):
    """One version of one regime, as it stood when cases were filed under it. Never changed.

    `digest` is the hex SHA-256 of the canonical JSON of `snapshot`. `zone` is the time zone in
    which figures count the days of the law, wherever the person lives. Personal data: none.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    code = models.CharField(_("regime"), max_length=10)
    version = models.CharField(_("version"), max_length=40)
    zone = models.CharField(max_length=40)
    snapshot = models.JSONField()

    class Meta:
        verbose_name = _("regime version")
        verbose_name_plural = _("regime versions")


def versions_of(regimes: Iterable[Regime]) -> tuple[RegimeVersion, ...]:
    """Return the versions of regimes as they stand now, not stored."""
    snapshots = [(regime, regime.snapshot()) for regime in regimes]
    return tuple(
        RegimeVersion(
            digest=hashlib.sha256(canonical_json(snapshot)).hexdigest(),
            code=regime.code,
            version=regime.version,
            zone=get_regime(regime.code).zone,
            snapshot=snapshot,
        )
        for regime, snapshot in snapshots
    )


def keep_versions(regimes: Iterable[Regime]) -> dict[str, str]:
    """Keep regimes as they stand now, where they are not kept yet; return {code: digest}."""
    versions = versions_of(regimes)
    RegimeVersion.objects.bulk_create(versions, ignore_conflicts=True)
    return {version.code: version.digest for version in versions}


def keep_unread(versions: Sequence[RegimeVersion]) -> None:
    """Keep versions, unless this process has read them as kept before: then without a query.

    Whoever writes what refers to them looks there whether they are, for they may have been kept in
    a transaction that was rolled back.
    """
    try:
        for version in versions:
            kept_version(version.digest)
    except RegimeVersion.DoesNotExist:
        RegimeVersion.objects.bulk_create(versions, ignore_conflicts=True)


@lru_cache(maxsize=512)
def kept_version(digest: str) -> Regime:
    """Return a kept regime. A version never changes, so it is read once in a process."""
    return Regime.from_snapshot(RegimeVersion.objects.get(pk=digest).snapshot)


class Case(SealedModel):
    """The file that the provider keeps about one request.

    Personal data: none in the clear. The case number and the pseudonym are random; the residence
    is a country or region. What a person wrote is sealed with `data_key`, here and below.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(_("case number"), max_length=20, unique=True)
    pseudonym = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    data_key = models.OneToOneField(DataKey, on_delete=models.PROTECT, related_name="+")
    receipt_digest = models.BinaryField(max_length=32, editable=False)

    state = models.CharField(
        _("state"),
        max_length=20,
        choices=[(state.value, name) for state, name in STATE_NAMES.items()],
        default=State.FILED.value,
    )
    language = models.CharField(_("language"), max_length=10)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    residence = models.CharField(_("residence"), max_length=10)
    service = SealedText(_("service or model"), default="")
    requester_role = models.CharField(
        _("filed by"), max_length=20, choices=RequesterRole.choices, default=RequesterRole.SELF
    )
    assurance = models.CharField(
        _("assurance"), max_length=10, choices=Assurance.choices, default=Assurance.NONE
    )
    # Who of staff accepted that the person is known so well, and who looked a second time.
    assurance_set_by = models.CharField(max_length=32, blank=True)
    assurance_confirmed_by = models.CharField(max_length=32, blank=True)
    kinds = ArrayField(models.CharField(max_length=20), verbose_name=_("items"))

    # `regimes` are the laws in whose registers the case stands, that of the person's home first;
    # `former_regimes` those of them that were found not to apply; `regime` is the leading one.
    # Why laws apply stands in `applicability`, as `ApplicableLaws.as_kept` gives it.
    regime = models.CharField(_("regime"), max_length=10)
    regimes = ArrayField(models.CharField(max_length=10), verbose_name=_("regimes"))
    former_regimes = ArrayField(models.CharField(max_length=10), default=list, editable=False)
    applicability = models.JSONField(default=dict, editable=False)
    # The versions of the rules under which the case was filed, as {regime: digest}.
    regime_versions = models.JSONField(default=dict, editable=False)

    filed_at = models.DateTimeField(_("filed"), db_index=True)
    answered_at = models.DateTimeField(_("answered"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    erased_at = models.DateTimeField(_("erased"), null=True)
    # Derived from the leading clock, stored so that the queue can be sorted by an index.
    # `due_on` is the last day in the zone of the law, `due_at` the first instant that is late.
    due_on = models.DateField(_("due on"), null=True)
    due_at = models.DateTimeField(_("late from"), null=True)
    due_provisional = models.BooleanField(_("provisional"), default=False)

    # That the conditions for a near relative were looked at, and what was found.
    kin_checked = models.BooleanField(_("conditions for relatives checked"), default=False)
    kin_finding = SealedText(_("finding on the relative"), null=True)
    has_contact = models.BooleanField(_("has a contact"), default=True)
    proposed_by = models.CharField(max_length=32, blank=True)
    # Who took part in deciding, since the case was filed or last contested, and before that.
    deciders = ArrayField(models.CharField(max_length=32), default=list)
    earlier_deciders = ArrayField(models.CharField(max_length=32), default=list)
    # The last day on which the fee can be paid, in the zone of the law, and who asked for it.
    fee_due_on = models.DateField(_("fee to be paid by"), null=True)
    fee_asked_by = models.CharField(max_length=32, blank=True)
    abuse_reported_by = models.CharField(max_length=32, blank=True)
    erasure_requested_by = models.CharField(max_length=32, blank=True)
    # When the person pressed the button behind a link that was mailed to the requester.
    contact_confirmed_at = models.DateTimeField(_("contact confirmed"), null=True)
    # Into which case it is to be merged, and who proposed that.
    merge_proposed_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+"
    )
    merge_proposed_by = models.CharField(max_length=32, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="merged_cases"
    )
    # That the person took it out of the case into which it was merged.
    merge_contested = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = [models.F("due_at").asc(nulls_last=True), "filed_at"]
        indexes = [
            models.Index(fields=["state", "due_at"], name="case_state_due"),
            models.Index(fields=["regime", "filed_at"], name="case_regime_filed"),
            models.Index(fields=["due_at"], name="case_due"),
            # The queue: without those that have ended, which are most and were due long ago.
            models.Index(
                fields=["due_at", "filed_at"],
                name="case_open_due",
                include=["id"],
                condition=models.Q(state__in=sorted(OPEN)),
            ),
            # Any part of a number finds it.
            GinIndex(fields=["number"], opclasses=["gin_trgm_ops"], name="case_number_parts"),
        ]
        permissions = [
            ("work_case", "Can work cases as intake"),
            ("review_case", "Can review cases and propose decisions"),
            ("approve_case", "Can approve decisions"),
            ("execute_case", "Can apply instructions to data"),
            ("oversee_case", "Can do everything about cases as privacy officer"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def sealing_key(self) -> DataKey:
        """Return the key which seals everything of this case."""
        return self.data_key

    @property
    def is_final(self) -> bool:
        """Return whether the case has come to an end."""
        return self.state in FINAL

    @property
    def outcome_is_told(self) -> bool:
        """Return whether the outcomes stand in an answer; until then they are only intended."""
        return self.state in OUTCOME_TOLD

    @property
    def lead_regime(self) -> Regime:
        """Return the leading regime as it stood when the case was filed."""
        return self.regime_of(self.regime)

    @property
    def applicable_regimes(self) -> tuple[str, ...]:
        """Return the codes of the laws that apply, that of the person's home first."""
        return tuple(code for code in self.regimes if code not in self.former_regimes)

    @property
    def laws(self) -> tuple[Regime, ...]:
        """Return all laws that apply as `regime_of` does, the leading one first."""
        return tuple(map(self.regime_of, dict.fromkeys((self.regime, *self.applicable_regimes))))

    def regime_of(self, code: str) -> Regime:
        """Return one regime of this case, in the version that the case was filed under."""
        return kept_version(self.regime_versions[code])


class CaseOwnedModel(SealedModel):
    """A row of a case, sealed with the key of the case."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="%(class)ss")

    class Meta:
        abstract = True

    @property
    def sealing_key(self) -> DataKey:
        """Return the key of the case."""
        return self.case.data_key


class Carried(CaseOwnedModel):
    """A row that can come from a case which was merged into this one."""

    carried_from = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        abstract = True


class Person(CaseOwnedModel):
    """Someone of the case: the subject, and the requester where that is someone else.

    Personal data: name, e-mail, phone and the statement of authority, all sealed.
    """

    class Part(models.TextChoices):
        """The part that the person plays."""

        SUBJECT = "subject", _("Subject")
        REQUESTER = "requester", _("Requester")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="people")
    part = models.CharField(_("part"), max_length=10, choices=Part.choices)
    name = SealedText(_("name"), default="")
    email = SealedText(_("e-mail"), default="")
    phone = SealedText(_("phone"), default="")
    # Kinship, mandate or guardianship in the requester's own words.
    authority = SealedText(_("authority to act"), default="")
    # Of a near relative: the texts `kinship`, `own_interest` and `arrangement` of the deceased.
    kin = SealedJSON(_("about the relative"), null=True)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "part"], name="one_person_a_part"),
        ]


class Identifier(Carried):
    """Something by which the subject can be found. Personal data: the value, sealed."""

    kind = models.CharField(_("kind"), max_length=12, choices=IdentifierKind.choices)
    value = SealedText(_("value"), default="")

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        ordering = ["id"]


class Item(Carried):
    """One right exercised about one thing, its finding and its outcome.

    Personal data: the details that the person gave, the finding, the verification and the
    reasons, all sealed.
    `details` holds the texts `statement`, `claimed`, `correct`, `where_seen`, and the lists
    `prompts` and `urls`; absent where the person gave none.
    """

    position = models.PositiveSmallIntegerField()
    kind = models.CharField(_("kind"), max_length=20)
    details = SealedJSON(_("details"), default=dict)
    finding = SealedText(_("finding"), default="")
    # What the search of each of the five scopes came to, as {scope: result}.
    scopes = models.JSONField(_("scopes"), default=dict)
    outcome = models.CharField(_("outcome"), max_length=24, blank=True)
    # Why it is refused, or given only in part: the code of a ground of the leading law, and those
    # of the other laws that grant the right, as {regime: code}.
    ground = models.CharField(_("ground of refusal"), max_length=60, blank=True)
    other_grounds = models.JSONField(
        _("grounds of refusal of other laws"), default=dict, editable=False
    )
    reasons = SealedText(_("reasons"), default="")
    # Where the outcome stands in for what was asked: why that could not be done.
    instead_because = SealedText(_("why not as asked"), null=True)
    # That what the person says is right was verified, and how.
    is_verified = models.BooleanField(_("verified"), default=False)
    verification = SealedText(_("how it was verified"), null=True)
    retraining_on = models.DateField(_("next training"), null=True)
    # False while an instruction to a data pipeline is still to be carried out.
    executed = models.BooleanField(_("carried out"), default=True)

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["case", "position"], name="item_position"),
        ]

    @property
    def kind_label(self) -> str:
        """Return what its kind is called, in the active language."""
        return str(ItemKind(self.kind).label)

    @property
    def outcome_label(self) -> str:
        """Return what its outcome is called; '' before one is proposed."""
        return str(Outcome(self.outcome).label) if self.outcome else ""

    @property
    def grounds(self) -> dict[str, str]:
        """Return the codes of its grounds by regime, the leading law first."""
        lead = {self.case.regime: self.ground} if self.ground else {}
        return {**lead, **self.other_grounds}

    @property
    def scopes_in_words(self) -> list[tuple[str, str]]:
        """Return each place that was looked at and what came of it; the database keeps no order."""
        return [
            (str(scope.label), str(ScopeResult(self.scopes[scope]).label))
            for scope in Scope
            if scope in self.scopes
        ]
