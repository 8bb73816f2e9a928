"""The database's own limit on what is read for a regulator: row-level security of PostgreSQL.

The role `portal_regulator` has few rights (`regulator_rights.sql` of the migrations), and policies
show it the rows of one regime (`row_security.sql`). Whoever works for a regulator takes that role
for the length of one transaction, so that a query which forgets its filter finds nothing of another
regime, and so that a connection which is used again is the portal's own once more.

This guards against our mistakes. It does not guard against somebody who can already run SQL of
their own, for any session may lay the role down.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from django.db import connection, transaction

from workflows.accounts.regulators import RegulatorScope

ROLE = "portal_regulator"

# Gives the transaction in which something is read.
ReadTransaction = Callable[[], AbstractContextManager[None]]

_TAKE = (
    "SELECT set_config('portal.regime', %s, true), set_config('portal.actor', %s, true),"
    " set_config('portal.account', %s, true), set_config('role', %s, true)"
)


@contextmanager
def restrict_to_regime(regime: str, *, actor: str, account: int | None = None) -> Iterator[None]:
    """Run a block in a transaction which sees only the rows of one regime, as one regulator.

    `actor` is the pseudonym of the regulator in the log, `account` the id of their account. The
    role ends with the transaction, or with the block where a transaction was open before.
    """
    inside = connection.in_atomic_block
    with transaction.atomic():
        _take(regime, actor, "" if account is None else str(account), ROLE)
        yield
        if inside:
            _take("", "", "", "none")


@contextmanager
def restrict_to_scope(scope: RegulatorScope) -> Iterator[None]:
    """Run a block in a transaction which sees only what the scope covers."""
    with restrict_to_regime(scope.regime, actor=scope.actor.pseudonym, account=scope.account.pk):
        yield


def reading_of(regime: str, *, actor: str) -> ReadTransaction:
    """Return what limits reading to a regime; an empty one stands for the whole log."""
    return partial(restrict_to_regime, regime, actor=actor) if regime else transaction.atomic


def _take(*settings: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, settings)
