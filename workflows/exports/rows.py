"""The tables of an export, row by row. Pure: entries of the log go in as parsed JSON.

What a row says about a case is derived from the entries of that case alone, so that whoever has
the entries can derive it again; `verifier/verify.py` does, in code of its own. The case number and
the deadlines stand in no entry: the event `bundle.exported` commits to the file that holds them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from workflows.cases.decision_rules import ground_under
from workflows.ledger.canonical import canonical_json

TableRow = dict[str, Any]
EventEntry = Mapping[str, Any]

# The six that 11 CCR § 7101 asks for: received_at, items, channel, responded_at, outcomes, grounds.
CASE_COLUMNS = (
    "number",
    "case",
    "regime",
    "register_number",
    "received_at",
    "items",
    "channel",
    "responded_at",
    "outcomes",
    "grounds",
    "state",
    "requester",
    "residence",
    "language",
    "due_on",
    "due_provisional",
    "deadline_state",
    "rule",
    "citation",
    "acknowledged_at",
    "extended_at",
    "missed",
    "complaints",
    "closed_at",
    "erased_at",
    "regime_version",
    "steps",
)
EVENT_COLUMNS = (
    "number",
    "case",
    "step",
    "index",
    "at",
    "event",
    "role",
    "actor",
    "register",
    "register_number",
    "facts",
    "commitments",
)

_ANSWERS = {"answer.sent", "case.rejected_as_abuse"}
# Which steps of a complaint give it which time.
_ENDS_OF_COMPLAINTS = {
    "complaint.acknowledged": "acknowledged_at",
    "complaint.answered": "answered_at",
    "complaint.withdrawn": "withdrawn_at",
}
_ENDS = {"closed", "expired", "withdrawn", "merged", "rejected_as_abuse"}


def row_from_log(entries: Sequence[EventEntry], regime: str) -> TableRow:
    """Return what the entries of one case, by their step, tell about it.

    `regime` names the register whose `case.received` the row stands for. Times are as the entries
    write them. `responded_at` is the latest answer, which a rejection as abuse is too.
    """
    received = next(e for e in entries if e["register"] == regime)
    facts = received["facts"]
    moves = [e for e in entries if "to" in e["facts"] and e["facts"]["from"] != e["facts"]["to"]]
    state = moves[-1]["facts"]["to"] if moves else "filed"
    answers = [entry for entry in entries if entry["name"] in _ANSWERS]
    return {
        "case": received["case"],
        "regime": regime,
        "register_number": received["number"],
        "regimes": [entry["register"] for entry in entries if entry["register"]],
        "regime_version": facts["regime_version"],
        "received_at": facts["received_at"],
        "items": facts["items"],
        "channel": facts["channel"],
        "requester": facts["requester"],
        "residence": facts["residence"],
        "language": facts["language"],
        "state": state,
        "acknowledged_at": _first_at(entries, "acknowledgement.sent"),
        "extended_at": _first_at(entries, "clock.extended"),
        "responded_at": answers[-1]["at"] if answers else None,
        "outcomes": answers[-1]["facts"].get("outcomes", []) if answers else [],
        "missed": [
            {"clock": entry["facts"]["clock"], "due_on": entry["facts"]["due_on"]}
            for entry in entries
            if entry["name"] == "clock.missed" and entry["facts"]["regime"] == regime
        ],
        "complaints": _complaints(entries, regime),
        "closed_at": moves[-1]["at"] if state in _ENDS else None,
        "erased_at": _first_at(entries, "case.erased"),
        "steps": len(entries),
    }


def _complaints(entries: Sequence[EventEntry], regime: str) -> list[TableRow]:
    """Return what the entries of a case tell about each complaint, the earliest first."""
    found: dict[str, TableRow] = {}
    for entry in entries:
        facts = entry["facts"]
        if entry["name"] == "complaint.received":
            found[facts["complaint"]] = {
                "complaint": facts["complaint"],
                "about": facts["about"],
                "received_at": facts["received_at"],
                "acknowledged_at": None,
                "answered_at": None,
                "finding": None,
                "withdrawn_at": None,
                "missed": [],
            }
        elif entry["name"] == "complaint.missed" and facts["regime"] == regime:
            missed = {"clock": facts["clock"], "due_on": facts["due_on"]}
            found[facts["complaint"]]["missed"].append(missed)
        elif entry["name"] in _ENDS_OF_COMPLAINTS:
            found[facts["complaint"]][_ENDS_OF_COMPLAINTS[entry["name"]]] = entry["at"]
        if entry["name"] == "complaint.answered":
            found[facts["complaint"]]["finding"] = facts["finding"]
    return list(found.values())


def _complaint_cell(complaint: TableRow) -> str:
    ended = (
        f"{complaint['finding']} {complaint['answered_at']}"
        if complaint["finding"]
        else f"withdrawn {complaint['withdrawn_at']}"
        if complaint["withdrawn_at"]
        else "open"
    )
    return f"{complaint['about']} {complaint['received_at']}: {ended}"


def case_cells(row: Mapping[str, Any]) -> list[str]:
    """Return a row of `cases.jsonl` as the cells of `cases.csv`, in the order of its columns.

    Of the deadlines it shows the leading one of the row's regime.
    """
    lead: TableRow = next((deadline for deadline in row["deadlines"] if deadline["leads"]), {})
    flat = {
        **row,
        "items": "; ".join(row["items"]),
        "outcomes": "; ".join(
            f"{outcome['item']} {outcome['kind']}: {outcome['outcome']}"
            for outcome in row["outcomes"]
        ),
        "grounds": "; ".join(
            f"{outcome['item']} {outcome['kind']}: {ground}"
            for outcome in row["outcomes"]
            if (ground := ground_under(outcome, row["regime"])) is not None
        ),
        "due_on": lead.get("due_on"),
        "due_provisional": "yes" if lead.get("provisional") else "no",
        "deadline_state": lead.get("state"),
        "rule": lead.get("rule"),
        "citation": "; ".join(lead.get("citations", [])),
        "missed": "; ".join(f"{missed['clock']} {missed['due_on']}" for missed in row["missed"]),
        "complaints": "; ".join(map(_complaint_cell, row["complaints"])),
    }
    return [_text(flat[column]) for column in CASE_COLUMNS]


def event_cells(number: str, index: int, entry: EventEntry) -> list[str]:
    """Return one entry of the log as the cells of `events.csv`; `index` is its place."""
    cells = {
        **entry,
        "event": entry["name"],
        "register_number": entry["number"],
        "number": number,
        "index": index,
        "facts": canonical_json(entry["facts"]).decode(),
        "commitments": canonical_json(entry["commitments"]).decode(),
    }
    return [_text(cells[column]) for column in EVENT_COLUMNS]


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _first_at(entries: Sequence[EventEntry], name: str) -> str | None:
    return next((entry["at"] for entry in entries if entry["name"] == name), None)
