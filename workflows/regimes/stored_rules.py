"""What is stored beside the rule files, kept in each process for as long as its version stands.

It changes a few times a year and is needed with each filing. Triggers give it a new version with
each change: `stored_rules` asks for that alone and reads the tables where it is another one. What
writes may take `known_rules` without asking, if it compares the version where it writes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from workflows.regimes.applicability import UNKNOWN, ProviderProfile
from workflows.regimes.calendars import HolidayNotice
from workflows.regimes.models import (
    BusinessCalendar,
    ProviderProfileVersion,
    PublishedLimit,
    RulesVersion,
)


# The same only where it is the same reading: what is derived from it is remembered by that.
@dataclass(frozen=True, slots=True, eq=False)
class StoredRules:
    """The provider's profile, the published limits and the announced working days of one version.

    `profile` is `UNKNOWN` and `profile_id` None before a profile was set. `version` is None where
    the database has none yet.
    """

    version: UUID | None
    profile: ProviderProfile
    profile_id: int | None
    limits: tuple[PublishedLimit, ...]
    announced: tuple[HolidayNotice, ...]

    def notices(self, regions: Iterable[str]) -> tuple[HolidayNotice, ...]:
        """Return the notices of some regions, as `calendar_store.stored_notices` does."""
        wanted = set(regions)
        return tuple(notice for notice in self.announced if notice.region in wanted)


class _Known:
    """What this process has read last."""

    rules: StoredRules | None = None


def stored_rules() -> StoredRules:
    """Return what is stored now. One query, three more where it has changed."""
    version = _version()
    known = _Known.rules
    if known is None or version is None or known.version != version:
        known = _Known.rules = _read(version)
    return known


def known_rules() -> StoredRules:
    """Return what this process has read last, which may have changed: compare its version."""
    return _Known.rules or stored_rules()


def forget_rules() -> None:
    """Read everything again when it is next asked for."""
    _Known.rules = None


def _version() -> UUID | None:
    return RulesVersion.objects.values_list("version", flat=True).first()


def _read(version: UUID | None) -> StoredRules:
    """Read the tables, after the version: what changes meanwhile has another one then."""
    latest = ProviderProfileVersion.objects.first()
    return StoredRules(
        version=version,
        profile=UNKNOWN if latest is None else ProviderProfile.from_dict(latest.profile),
        profile_id=None if latest is None else latest.pk,
        limits=tuple(PublishedLimit.objects.all()),
        announced=tuple(row.as_notice() for row in BusinessCalendar.objects.all()),
    )
