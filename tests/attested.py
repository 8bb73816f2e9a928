"""Attests every clause of notices, as counsel does before a portal goes live.

Run as `python -m tests.attested` on a database in which the migrations have run: test databases are
copies of one. Without events, so that a test which reads the log finds nothing there.
"""

import os

import django
from django.utils import timezone


def attest_all() -> None:
    """Keep an attestation of each clause with the words that came with the software."""
    from workflows.notices.clauses import open_clauses
    from workflows.notices.models import ClauseAttestation

    for clause in open_clauses():
        ClauseAttestation.objects.create(
            clause=clause.code,
            version=clause.version,
            office="Counsel of the tests",
            attested_on=timezone.localdate(),
            attested_by="staff-officer",
        )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "requests_portal.settings")
    django.setup()
    attest_all()
