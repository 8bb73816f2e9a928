"""The leaf of an event, spelled member by member, is the canonical JSON of the whole."""

import datetime as dt
import json
import uuid

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from workflows.ledger.append import format_time, leaf_template

texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts
values = st.recursive(
    scalars | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)
printable = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=64)
numbers = st.none() | st.integers(1, 10**15)


events = st.fixed_dictionaries(
    {
        "actor": printable,
        "role": printable.filter(bool),
        "case": st.none() | st.uuids(),
        "facts": st.dictionaries(texts, values, max_size=4),
        "commitments": st.dictionaries(texts, st.just("ab" * 32), max_size=3),
        "moment": st.datetimes(min_value=dt.datetime(1000, 1, 1), timezones=st.just(dt.UTC)),
    }
)


@given(events, numbers, numbers)
def test_it_is_what_rfc_8785_makes_of_its_members(event, step, number):
    template = leaf_template(name="case.viewed", register=None, **event)
    at = format_time(event.pop("moment"))
    case = None if event["case"] is None else str(event["case"])
    assert template.at == at
    assert template.fill(step, number) == rfc8785.dumps(
        {
            **event,
            "v": 1,
            "case": case,
            "step": step,
            "register": None,
            "number": number,
            "name": "case.viewed",
            "at": at,
        }
    )


def test_a_register_is_quoted():
    template = leaf_template(
        name="case.received",
        role="public",
        actor="",
        case=uuid.UUID(int=1),
        register="US-CA",
        facts={},
        commitments={},
        moment=dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
    )
    assert template.fill(1, 7) == (
        b'{"actor":"","at":"2026-01-02T00:00:00.000000Z",'
        b'"case":"00000000-0000-0000-0000-000000000001","commitments":{},"facts":{},'
        b'"name":"case.received","number":7,"register":"US-CA","role":"public","step":1,"v":1}'
    )


def test_what_is_kept_of_one_event_is_not_taken_for_another():
    common = {
        "name": "case.viewed",
        "role": "reviewer",
        "actor": "s-1",
        "case": uuid.UUID(int=1),
        "register": None,
        "facts": {},
        "commitments": {},
        "moment": dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
    }
    changes = [
        {},
        {"name": "case.received", "register": "CN"},
        {"name": "case.received", "register": "US-CA"},
        {"role": "manager"},
        {"actor": "s-2"},
        {"actor": "reviewer", "role": "s-1"},
        {"case": None},
    ]
    leaves = [leaf_template(**common | change).fill(1, None) for change in changes * 2]
    members = [json.loads(leaf) for leaf in leaves]
    for change, found in zip(changes * 2, members, strict=True):
        wanted = common | change
        for member in ("name", "role", "actor", "register"):
            assert found[member] == wanted[member]
    assert len(set(leaves)) == len(changes)
