"""The version of the law under which a case was filed, kept so that the past does not move."""

import hashlib
from functools import lru_cache

from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.ledger.canonical import canonical_json
from workflows.regimes.rules.regime import Regime


class RegimeVersion(models.Model):
    """One version of one regime, as it stood when cases were filed under it. Never changed.

    `digest` is the hex SHA-256 of the canonical JSON of `snapshot`. Personal data: none.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    code = models.CharField(_("regime"), max_length=10)
    version = models.CharField(_("version"), max_length=40)
    snapshot = models.JSONField()

    class Meta:
        verbose_name = _("regime version")
        verbose_name_plural = _("regime versions")


def keep_versions(regimes: tuple[Regime, ...]) -> dict[str, str]:
    """Keep regimes as they stand now, where they are not kept yet; return {code: digest}."""
    snapshots = {regime.code: regime.snapshot() for regime in regimes}
    digests = {
        code: hashlib.sha256(canonical_json(snapshot)).hexdigest()
        for code, snapshot in snapshots.items()
    }
    RegimeVersion.objects.bulk_create(
        (
            RegimeVersion(
                digest=digests[regime.code],
                code=regime.code,
                version=regime.version,
                snapshot=snapshots[regime.code],
            )
            for regime in regimes
        ),
        ignore_conflicts=True,
    )
    return digests


@lru_cache(maxsize=64)
def kept_version(digest: str) -> Regime:
    """Return a kept regime. A version never changes, so it is read once in a process."""
    return Regime.from_snapshot(RegimeVersion.objects.get(pk=digest).snapshot)
