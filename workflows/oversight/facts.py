"""The facts as a whole: subtotals settled, both compared with what is derived, written anew."""

from django.db import connection, transaction

_ALIKE = "regime, month, kind, requester, result, ground, missed, days"
_FACT = "case_id, position, filed_at, state, late_from, " + _ALIKE
# What was added up goes, and its sum comes. Rows that somebody else settles meanwhile are left out.
_SETTLE = f"""
    WITH several AS (
        SELECT array_agg(id) AS ids FROM oversight_subtotal GROUP BY {_ALIKE} HAVING count(*) > 1
    ), gone AS (
        DELETE FROM oversight_subtotal WHERE id IN (SELECT unnest(ids) FROM several) RETURNING *
    )
    INSERT INTO oversight_subtotal ({_ALIKE}, number)
    SELECT {_ALIKE}, sum(number) FROM gone GROUP BY {_ALIKE} HAVING sum(number) <> 0
"""  # noqa: S608
_DIFFERING_CASES = f"""
    SELECT count(DISTINCT case_id) FROM (
        (SELECT {_FACT} FROM oversight_fact EXCEPT SELECT {_FACT} FROM oversight_derived)
        UNION ALL
        (SELECT {_FACT} FROM oversight_derived EXCEPT SELECT {_FACT} FROM oversight_fact)
    ) differing
"""  # noqa: S608
_DIFFERING_SUBTOTALS = f"""
    SELECT count(*) FROM (
        SELECT {_ALIKE} FROM (
            SELECT {_ALIKE}, number FROM oversight_subtotal
            UNION ALL
            SELECT {_ALIKE}, -1 FROM oversight_fact
        ) added_up
        GROUP BY {_ALIKE} HAVING sum(number) <> 0
    ) differing
"""  # noqa: S608


def settle() -> int:
    """Make one subtotal of those that are alike; return how many came of several."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE)
        settled: int = cursor.rowcount
    return settled


def differing() -> tuple[int, int]:
    """Return of how many cases the facts are not as derived, and how many subtotals not as counted.

    Both are compared as they stand at one moment.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ({_DIFFERING_CASES}), ({_DIFFERING_SUBTOTALS})")
        cases, subtotals = cursor.fetchone()
    return cases, subtotals


def derive_anew() -> None:
    """Write all facts and subtotals anew. Whoever changes a case meanwhile waits."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE cases_case, cases_item, cases_clock IN SHARE MODE")
        cursor.execute("DELETE FROM oversight_fact")
        cursor.execute("DELETE FROM oversight_subtotal")
        cursor.execute(
            f"INSERT INTO oversight_fact ({_FACT}) SELECT {_FACT} FROM oversight_derived"  # noqa: S608
        )
        cursor.execute(
            f"INSERT INTO oversight_subtotal ({_ALIKE}, number)"  # noqa: S608
            f" SELECT {_ALIKE}, count(*) FROM oversight_fact GROUP BY {_ALIKE}"
        )
