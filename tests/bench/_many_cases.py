"""Fills a database with many cases: some made as the portal makes them, the rest copied by the server.

The copies have everything by which pages list, count and search: states, dates, items with outcomes,
clocks, a team, an address in the blind index, their first step in the log. Nobody can open them, for
their sealed columns are those of another case; pages of one case are looked at with an original.
"""

from typing import Any, LiteralString

import psycopg
from psycopg import sql

ORIGINALS = 500

# A third is open and new; the others came in over three years, most of them were answered.
_COPIES: LiteralString = """
CREATE TEMP TABLE copies AS
SELECT
    original.id AS old, original.data_key_id AS old_key, original.pseudonym AS old_pseudonym,
    gen_random_uuid() AS id, gen_random_uuid() AS key, gen_random_uuid() AS pseudonym,
    row_number() OVER () AS n, random() AS fate, random() AS speed, random() AS luck,
    original.filed_at AS old_filed_at, NULL::timestamptz AS filed_at, '' AS state
FROM cases_case original
CROSS JOIN generate_series(1, %(each)s);
UPDATE copies SET
    filed_at = CASE WHEN fate < 0.3 THEN old_filed_at - random() * interval '50 days'
        ELSE old_filed_at - interval '45 days' - random() * interval '3 years' END,
    state = (CASE
        WHEN fate < 0.3 THEN ARRAY['received', 'triage', 'triage', 'identity_needed',
            'information_needed', 'in_review', 'in_review', 'in_review', 'decision_proposed',
            'executing']
        WHEN fate < 0.9 THEN ARRAY['answered', 'closed', 'closed', 'closed', 'closed', 'closed',
            'closed', 'closed', 'closed', 'closed']
        ELSE ARRAY['withdrawn', 'withdrawn', 'withdrawn', 'withdrawn', 'merged', 'merged',
            'expired', 'expired', 'expired', 'rejected_as_abuse']
    END)[1 + floor(random() * 10)];
CREATE INDEX ON copies (old);
ANALYZE copies;
"""
_TOLD = "copy.state IN ('answered', 'closed')"
# What a copy has in place of what its original has, by table and column; `copy` is its row above.
_INSTEAD: dict[str, dict[str, str]] = {
    "vault_datakey": {"id": "copy.key"},
    "cases_case": {
        "id": "copy.id",
        "data_key_id": "copy.key",
        "pseudonym": "copy.pseudonym",
        "number": """'2025-' || substr(digits, 1, 4) || '-' || substr(digits, 5, 4)""",
        "state": "copy.state",
        "filed_at": "copy.filed_at",
        "due_at": "original.due_at + (copy.filed_at - copy.old_filed_at)",
        "due_on": "(original.due_at + (copy.filed_at - copy.old_filed_at))::date",
        "answered_at": f"CASE WHEN {_TOLD} THEN copy.filed_at + copy.speed * interval '40 d' END",
        "closed_at": "CASE WHEN copy.fate >= 0.3 AND copy.state <> 'answered'"
        " THEN copy.filed_at + interval '41 d' END",
    },
    "cases_item": {
        "case_id": "copy.id",
        "outcome": f"CASE WHEN {_TOLD} THEN (ARRAY['provided', 'deleted', 'corrected', 'refused',"
        " 'not_held'])[1 + floor(random() * 5)] ELSE '' END",
        "ground": "CASE WHEN copy.luck < 0.5 THEN 'manifestly_unfounded' ELSE 'excessive' END",
    },
    "cases_clock": {
        "case_id": "copy.id",
        "started_at": "copy.filed_at",
        "due_at": "original.due_at + (copy.filed_at - copy.old_filed_at)",
        "due_on": "(original.due_at + (copy.filed_at - copy.old_filed_at))::date",
        "check_at": "NULL",
        "stopped_at": "CASE WHEN copy.fate >= 0.3 THEN copy.filed_at + interval '30 d' END",
        "state": """CASE WHEN NOT original.leads THEN 'met'
            WHEN copy.luck < 0.1 OR copy.fate < 0.3
                AND original.due_at + (copy.filed_at - copy.old_filed_at) < now() THEN 'missed'
            WHEN copy.fate < 0.3 THEN 'running' WHEN copy.fate < 0.9 THEN 'met' ELSE 'stopped' END""",
    },
    "cases_clockevent": {"case_id": "copy.id", "at": "copy.filed_at"},
    "cases_person": {"case_id": "copy.id"},
    "routing_assignment": {"case_id": "copy.id"},
    "vault_blindindexentry": {
        "data_key_id": "copy.key",
        "digest": "sha256(convert_to('person ' || copy.n / 2, 'UTF8'))",
    },
    "ledger_event": {
        "case": "copy.pseudonym",
        "uid": "gen_random_uuid()",
        "at": "copy.filed_at",
        "register_number": "original.register_number + copy.n * 1000000",
    },
    "ledger_casecounter": {"case": "copy.pseudonym"},
}
# How a row of an original is found from its case.
_OF = {
    "vault_datakey": "original.id = copy.old_key",
    "cases_case": "original.id = copy.old",
    "vault_blindindexentry": "original.data_key_id = copy.old_key",
    "ledger_event": "original.case = copy.old_pseudonym AND original.step = 1",
    "ledger_casecounter": "original.case = copy.old_pseudonym",
}
_BY_CASE = "original.case_id = copy.old"
# The symbols of a case number, all different: an odd factor permutes the numbers below 2^40.
_DIGITS = """CROSS JOIN LATERAL (SELECT string_agg(substr(
    '0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (((copy.n * 722837649331 %% 1099511627776)
    >> (5 * place)) & 31)::int, 1), '') AS digits FROM generate_series(0, 7) place) number"""


def fill(database: psycopg.Connection[Any], cases: int) -> None:
    """Copy the cases that are there until there are some `cases`; as a superuser.

    Nothing checks or follows what is written: foreign keys and triggers are off meanwhile.
    """
    (there,) = database.execute("SELECT count(*) FROM cases_case").fetchone() or (0,)
    database.execute("SET session_replication_role = replica")
    database.execute(_COPIES % {"each": max(1, round(cases / there) - 1)})
    for table, instead in _INSTEAD.items():
        columns = [
            name
            for (name,) in database.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                " AND NOT attisdropped AND attidentity = ''",
                [table],
            )
        ]
        taken = [instead.get(name, f'original."{name}"') for name in columns]
        database.execute(
            sql.SQL("INSERT INTO {table} ({columns}) SELECT {taken} FROM {table} original ")
            .format(
                table=sql.Identifier(table),
                columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
                taken=sql.SQL(", ".join(taken)),  # type: ignore[arg-type]  # what stands above
            )
            .as_string()
            + f"JOIN copies copy ON {_OF.get(table, _BY_CASE)} "
            + (_DIGITS.replace("%%", "%") if table == "cases_case" else "")
        )
    database.execute("SET session_replication_role = DEFAULT")
