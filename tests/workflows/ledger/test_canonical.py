"""Canonical JSON and commitments."""

import datetime as dt
import hashlib

import pytest
import rfc8785
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from workflows.ledger import canonical
from workflows.ledger.canonical import (
    NotCanonicalError,
    canonical_json,
    commit,
    opens,
    parse_canonical,
)

texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
)


def test_the_example_of_rfc_8785():
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert canonical_json(value).decode() == (
        '{"literals":[null,true,false],'
        '"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_are_sorted_by_their_utf_16_units():
    assert canonical_json({"\ufb33": 1, "\U0001f600": 2}).decode() == '{"\U0001f600":2,"\ufb33":1}'


@given(values)
def test_what_is_written_reads_back_to_the_same_bytes(value):
    written = canonical_json(value)
    assert canonical_json(parse_canonical(written)) == written
    assert parse_canonical(written) == value


@given(
    st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(st.characters(codec="ascii")), inner, max_size=4)
        ),
    )
)
def test_what_python_spells_is_what_rfc_8785_asks_for(value):
    assert canonical_json(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        2**53,
        "\ud800",
        {"\ud800": 1},
        {1: "key"},
        {"when": dt.date(2026, 1, 1)},
        {"set"},
        b"bytes",
        gettext_lazy("lazy"),
    ],
)
def test_what_json_lacks_is_refused(value):
    with pytest.raises(NotCanonicalError, match="no canonical JSON"):
        canonical_json(value)


@pytest.mark.parametrize(
    "spelling",
    [
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b"1.0",
        b"1e2",
        b'"\\u0041"',
        b"[1]\n",
        b"NaN",
        b"",
        b"{",
        b"\xff",
    ],
)
def test_other_spellings_are_refused(spelling):
    with pytest.raises(NotCanonicalError):
        parse_canonical(spelling)


def test_a_commitment_is_the_documented_hash():
    nonce = bytes(range(32))
    by_hand = hashlib.sha256(b"requests-portal/commitment/v1\n" + nonce + b'{"a":[1,2]}')
    assert commit({"a": [1, 2]}, nonce) == by_hand.hexdigest()


@given(values, values)
def test_a_commitment_opens_with_its_content_alone(content, other):
    nonce = canonical.new_nonce()
    commitment = commit(content, nonce)
    assert opens(commitment, content, nonce)
    assert opens(commitment, other, nonce) == (canonical_json(other) == canonical_json(content))
    assert not opens(commitment, content, canonical.new_nonce())


def test_the_nonce_has_32_bytes():
    assert len(canonical.new_nonce()) == 32
    with pytest.raises(ValueError, match="32 bytes"):
        commit("content", bytes(31))
