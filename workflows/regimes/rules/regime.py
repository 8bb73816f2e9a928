"""Turns the TOML of a regime into a frozen `Regime`, and refuses what it does not fully understand.

A regime is also its own snapshot: the document it was read from, as JSON-able values, which a
case stores so that a later version of the rules never changes it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Self, TypeVar, cast, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workflows.regimes.calendars import is_known_region
from workflows.regimes.deadlines.values import Citation, Confirmed
from workflows.regimes.rules import elements
from workflows.regimes.rules.clocks import EVENTS, Cited, read_clocks, read_rationale, read_text
from workflows.regimes.rules.elements import (
    ApplicabilityRule,
    Authority,
    Clock,
    CourtRemedy,
    FactorGroup,
    FeeRule,
    FilerRule,
    Ground,
    ItemRule,
    LocalizedText,
    MetricsRule,
    NoticeRule,
    OutcomeRule,
    RecordRule,
    ResidencePlace,
    Threshold,
)
from workflows.regimes.rules.reader import Document, RuleFileError, Table, Validity
from workflows.regimes.rules.validity import Change, changes, in_force
from workflows.vocabulary.people import Assurance

SNAPSHOT_FORMAT = 1
_CONFIRMED = get_args(Confirmed)
# Keys of the root that name a clock and may be missing.
_CLOCK_ROLES = ("acknowledge", "complaint", "complaint_acknowledge", "appeal")
_CURRENCY = re.compile("[A-Z]{3}")

T = TypeVar("T")


class UnknownClockError(LookupError):
    """The regime has no clock of this kind."""


@dataclass(frozen=True, slots=True)
class Regime:
    """A body of law as data. The mappings are read-only and keep the order of the file.

    `lead` is the clock that a case is steered by, `acknowledge` the one for the first
    confirmation; `complaint` is the clock for the outcome of a complaint, `complaint_acknowledge`
    the one for its confirmation; `appeal` is the one by which a contested answer is answered again.
    Each of these four is empty where the law knows none. `territory` is how its place is called in
    a sentence. `experimental`: not complete enough to be relied on.

    A regime read from its file holds all that is or will be in force; `on` gives that of a day.
    """

    code: str
    version: str
    name: LocalizedText
    lead: str
    acknowledge: str
    complaint: str
    complaint_acknowledge: str
    default_place: str
    places: Mapping[str, ResidencePlace]
    clocks: Mapping[str, Clock]
    items: Mapping[str, ItemRule]
    filers: Mapping[str, FilerRule]
    grounds: Mapping[str, Ground]
    outcomes: Mapping[str, OutcomeRule]
    notices: Mapping[str, NoticeRule]
    authorities: Mapping[str, Authority]
    fee: FeeRule
    court: CourtRemedy
    records: tuple[RecordRule, ...]
    metrics: tuple[MetricsRule, ...]
    territory: LocalizedText
    applies: ApplicabilityRule
    validity: Validity
    appeal: str
    experimental: bool
    # Which rules below the root begin or end on which day, in order.
    changes: tuple[Change, ...]
    document: Mapping[str, Any] = field(repr=False, compare=False)

    def clock(self, kind: str) -> Clock:
        """Return a clock; raises UnknownClockError."""
        try:
            return self.clocks[kind]
        except KeyError:
            raise UnknownClockError(f"{self.code} has no clock {kind!r}.") from None

    def item(self, kind: str) -> ItemRule | None:
        """Return the rule of an item kind, or None where this law does not know the right."""
        return self.items.get(kind)

    def grounds_for(self, item_kind: str) -> tuple[Ground, ...]:
        """Return the grounds on which an item of this kind may be refused."""
        return tuple(g for g in self.grounds.values() if not g.items or item_kind in g.items)

    def abuse_grounds(self, item_kinds: Iterable[str]) -> tuple[Ground, ...]:
        """Return the grounds on which a request of these kinds may be rejected as an abuse."""
        kinds = set(item_kinds)
        return tuple(
            g for g in self.grounds.values() if g.abuse and (not g.items or kinds <= set(g.items))
        )

    def covers(self, place: str) -> bool:
        """Say whether a place is one of this law's: the code itself, or its country."""
        return place in self.places or place.partition("-")[0] in self.places

    @property
    def zone(self) -> str:
        """Return the time zone of the default place."""
        return self.place(self.default_place).zone

    def day_at(self, at: datetime) -> date:
        """Return the day of an instant at the default place."""
        return at.astimezone(ZoneInfo(self.zone)).date()

    def on(self, day: date) -> "Regime":
        """Return the rules that are in force on a day, counted at the default place."""
        if not self.changes:
            return self
        data = in_force(self.document, day)
        # A clock that is not in force yet has no part to play either.
        roles = [key for key in _CLOCK_ROLES if data.get(key) not in data["clocks"]]
        data = {key: value for key, value in data.items() if key not in roles}
        return parse_regime(Document(f"{self.code} on {day}", "", data))

    def at_main_establishment(self, main_establishment: str) -> "Regime":
        """Return the rules for people who live outside the territory of this law.

        Time is reckoned, and the authority is that of the place, at the main establishment.
        """
        if not self.covers(main_establishment):
            return self
        return replace(
            self,
            default_place=main_establishment,
            document={**self.document, "default_place": main_establishment},
        )

    def seen_from(self, home: str, main_establishment: str) -> "Regime":
        """Return the rules for people at a home, within the territory of this law or outside."""
        return self if self.covers(home) else self.at_main_establishment(main_establishment)

    def place(self, residence: str) -> ResidencePlace:
        """Return zone and calendar for a residence; an unknown one gets the default place.

        A part of a country keeps the zone of the country, and its own calendar if there is one;
        where a law counts by other days than the public holidays, those hold in all parts.
        """
        if residence in self.places:
            return self.places[residence]
        country = self.places.get(residence.partition("-")[0])
        if country is None:
            return self.place(self.default_place)
        own = country.calendar == country.code and is_known_region(residence)
        calendar = residence if own else country.calendar
        return ResidencePlace(residence, country.zone, calendar)

    def authority_for(self, residence: str) -> Authority | None:
        """Return the authority for a residence: of the part, of the country, or the default.

        None where the rules name no authority at all.
        """
        default = self.default_place
        for code in (residence, _country(residence), default, _country(default)):
            if code in self.authorities:
                return self.authorities[code]
        return None

    def snapshot(self, residence: str | None = None) -> dict[str, Any]:
        """Return this version of the rules as JSON-able values.

        With a residence, places and authorities of elsewhere are left out; what this regime says
        about that residence stays the same.
        """
        document = dict(self.document)
        if residence is not None:
            default = self.default_place
            near = {residence, _country(residence), default, _country(default)}
            for key in ("places", "authorities"):
                found = document.get(key, {})
                document[key] = {code: value for code, value in found.items() if code in near}
        return {"format": SNAPSHOT_FORMAT, "regime": document}

    @classmethod
    def from_snapshot(cls, snapshot: Mapping[str, Any]) -> Self:
        """Restore a regime; raises RuleFileError for anything but a snapshot of ours."""
        if snapshot.get("format") != SNAPSHOT_FORMAT:
            raise RuleFileError("is not a snapshot of a regime", file="snapshot", line=1)
        document = Document(file="snapshot", text="", data=dict(snapshot["regime"]))
        return cast(Self, parse_regime(document))


def parse_regime(document: Document) -> Regime:
    """Read a whole rule file. Raises RuleFileError at the first fault."""
    root = Table(document, (), document.data)
    citations = {key: _citation(table) for key, table in root.tables("citations").items()}

    def cited(table: Table) -> tuple[Citation, ...]:
        keys = table.choices("cite", tuple(citations))
        if not keys:
            raise table.fail("needs at least one citation", "cite")
        return tuple(citations[key] for key in keys)

    name = read_text(root, "name")
    clocks = read_clocks(root, cited)
    kinds = tuple(clocks)
    lead = root.choice("lead", kinds)
    filers = _each(root, "filers", elements.FILERS, lambda k, t: _filer(k, t, cited))
    allowed = tuple(kind for kind, rule in filers.items() if rule.allowed)
    regime = Regime(
        code=root.text("code"),
        version=root.text("version"),
        name=name,
        lead=lead,
        acknowledge=root.choice("acknowledge", ("", *kinds), ""),
        complaint=root.choice("complaint", ("", *kinds), ""),
        complaint_acknowledge=root.choice("complaint_acknowledge", ("", *kinds), ""),
        places=_each(root, "places", (), _place),
        default_place=root.text("default_place"),
        clocks=clocks,
        items=_each(
            root,
            "items",
            elements.ITEM_KINDS,
            lambda k, t: _item(k, t, cited, clocks=kinds, lead=lead, filers=allowed),
        ),
        filers=filers,
        grounds=_each(root, "grounds", (), lambda k, t: _ground(k, t, cited)),
        outcomes=_each(root, "outcomes", elements.OUTCOMES, lambda k, t: _outcome(k, t, cited)),
        notices=_each(root, "notices", elements.NOTICE_KINDS, lambda k, t: _notice(k, t, cited)),
        authorities=_each(root, "authorities", (), lambda _k, t: _authority(t)),
        fee=_fee(root.table("fee"), cited),
        court=_court(root.table("court"), cited),
        records=tuple(_record(table, cited) for table in root.list_of_tables("records")),
        metrics=tuple(_metrics(table, cited) for table in root.list_of_tables("metrics")),
        territory=read_text(root, "territory") if root.has("territory") else name,
        applies=_applies(root, cited),
        validity=root.validity(),
        appeal=root.choice("appeal", ("", *kinds), ""),
        experimental=root.flag("experimental", default=False),
        changes=tuple(change for change in changes(document.data) if change.path),
        document=document.data,
    )
    root.close()
    if not regime.covers(regime.default_place):
        raise root.fail(f"{regime.default_place!r} is not among the places", "default_place")
    if regime.authorities and regime.authority_for("") is None:
        raise root.fail(f"{regime.default_place!r} is not among the authorities", "default_place")
    return regime


def _country(place: str) -> str:
    return place.partition("-")[0]


def _applies(root: Table, cited: Cited) -> ApplicabilityRule:
    """Read when the law applies; without a word on it, to those who live in its territory."""
    if not root.has("applies"):
        return ApplicabilityRule((FactorGroup(("resident",)),))
    table = root.table("applies")
    rule = ApplicabilityRule(
        groups=tuple(map(_factor_group, table.list_of_tables("any"))),
        presumed=tuple(map(_factor_group, table.list_of_tables("presumed"))),
        threshold=_threshold(table.table("threshold"), cited) if table.has("threshold") else None,
    )
    table.close()
    return rule


def _factor_group(table: Table) -> FactorGroup:
    known = get_args(elements.Factor)
    group = FactorGroup(
        factors=cast("tuple[elements.Factor, ...]", table.choices("factors", known)),
        except_resident=table.texts("except_resident", ()),
    )
    if not group.factors:
        raise table.fail("needs at least one factor", "factors")
    table.close()
    return group


def _threshold(table: Table, cited: Cited) -> Threshold:
    threshold = Threshold(
        answer=table.text("answer", "threshold"),
        question=read_text(table, "question"),
        citations=cited(table),
    )
    table.close()
    return threshold


def _each(
    root: Table, key: str, known: tuple[str, ...], parse: Callable[[str, Table], T]
) -> Mapping[str, T]:
    """Parse a table of tables whose names must be in `known`, unless that is empty."""
    parsed = {}
    for name, table in root.tables(key).items():
        if known and name not in known:
            raise table.fail(f"{name!r} is not one of {', '.join(known)}")
        parsed[name] = parse(name, table)
        table.close()
    return MappingProxyType(parsed)


def _citation(table: Table) -> Citation:
    citation = Citation(
        zh=table.text("zh"),
        en=table.text("en"),
        confirmed=cast(Confirmed, table.choice("confirmed", _CONFIRMED)),
        source=table.text("source", ""),
        url=table.text("url", ""),
        others=table.translations(),
    )
    if citation.confirmed != "memory" and not citation.source:
        raise table.fail("must be named where the text was read", "source")
    table.close()
    return citation


def _place(code: str, table: Table) -> ResidencePlace:
    place = ResidencePlace(code, zone=table.text("zone"), calendar=table.text("calendar", code))
    try:
        ZoneInfo(place.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise table.fail(f"{place.zone!r} is not a time zone", "zone") from None
    if not is_known_region(place.calendar):
        raise table.fail(f"no calendar of working days is known for {place.calendar!r}", "calendar")
    return place


def _item(
    kind: str,
    table: Table,
    cited: Cited,
    *,
    clocks: tuple[str, ...],
    lead: str,
    filers: tuple[str, ...],
) -> ItemRule:
    return ItemRule(
        kind=kind,
        basis=cast(elements.Basis, table.choice("basis", get_args(elements.Basis), "law")),
        assurance=Assurance(table.choice("assurance", elements.ASSURANCE_LEVELS)),
        clock=table.choice("clock", clocks, lead),
        verify_first=table.flag("verify_first", default=False),
        filers=table.choices("filers", filers, filers),
        note=read_text(table, "note") if table.has("note") else None,
        citations=cited(table),
        rationale=read_rationale(table),
    )


def _filer(kind: str, table: Table, cited: Cited) -> FilerRule:
    return FilerRule(
        kind=kind,
        allowed=table.flag("allowed", default=True),
        conditions=read_text(table, "conditions"),
        evidence=table.texts("evidence", ()),
        citations=cited(table),
    )


def _ground(code: str, table: Table, cited: Cited) -> Ground:
    return Ground(
        code=code,
        text=read_text(table, "text"),
        items=table.choices("items", elements.ITEM_KINDS, ()),
        needs_facts=table.flag("needs_facts", default=False),
        citations=cited(table),
        abuse=table.flag("abuse", default=False),
    )


def _outcome(outcome: str, table: Table, cited: Cited) -> OutcomeRule:
    return OutcomeRule(
        outcome=outcome,
        items=table.choices("items", elements.ITEM_KINDS),
        condition=read_text(table, "condition"),
        citations=cited(table),
    )


def _notice(kind: str, table: Table, cited: Cited) -> NoticeRule:
    known = elements.NOTICE_ELEMENTS
    required = list(table.choices("elements", known))
    for more in table.list_of_tables("more"):
        required += more.choices("elements", known)
        more.close()
    by_item = table.table("elements_by_item") if table.has("elements_by_item") else None
    by_kind = {}
    if by_item is not None:
        by_kind = {
            item: by_item.choices(item, known) for item in elements.ITEM_KINDS if by_item.has(item)
        }
        by_item.close()
    return NoticeRule(
        kind=kind,
        elements=tuple(dict.fromkeys(required)),
        citations=cited(table),
        elements_by_item=MappingProxyType(by_kind),
    )


def _authority(table: Table) -> Authority:
    link = table.text("link")
    if not link.startswith("https://"):
        raise table.fail("must begin with https://", "link")
    return Authority(
        name=read_text(table, "name"),
        address=_address(table),
        link=link,
        confirmed=cast(Confirmed, table.choice("confirmed", _CONFIRMED)),
    )


def _address(table: Table) -> LocalizedText:
    """Read an address: one for all readers, or one in each language; empty where there is none."""
    if table.has_table("address"):
        return read_text(table, "address")
    address = table.text("address", "")
    return LocalizedText(zh=address, en=address)


def _fee(table: Table, cited: Cited) -> FeeRule:
    fee = FeeRule(
        free=table.flag("free"),
        text=read_text(table, "text"),
        citations=cited(table),
        chargeable=table.choices("chargeable", elements.ITEM_KINDS, ()),
        currency=table.text("currency", ""),
    )
    if bool(fee.chargeable) != bool(fee.currency):
        raise table.fail("belongs together with chargeable", "currency")
    if fee.currency and not _CURRENCY.fullmatch(fee.currency):
        raise table.fail(f"{fee.currency!r} is not an ISO 4217 code such as EUR", "currency")
    table.close()
    return fee


def _court(table: Table, cited: Cited) -> CourtRemedy:
    court = CourtRemedy(text=read_text(table, "text"), citations=cited(table))
    table.close()
    return court


def _record(table: Table, cited: Cited) -> RecordRule:
    record = RecordRule(
        code=table.text("code"),
        text=read_text(table, "text"),
        months=table.whole("months"),
        from_event=table.choice("from_event", EVENTS),
        citations=cited(table),
    )
    table.close()
    return record


def _metrics(table: Table, cited: Cited) -> MetricsRule:
    metrics = MetricsRule(
        code=table.text("code"), text=read_text(table, "text"), citations=cited(table)
    )
    table.close()
    return metrics
