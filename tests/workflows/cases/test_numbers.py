"""Case numbers and receipts: written by hand, read out on the phone, typed back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.cases.access import (
    ALPHABET,
    derive_receipt,
    new_case_number,
    normalise_number,
    receipt_digest,
    receipt_matches,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)
DIGIT_FOR = {"1": "1IiLl", "0": "0Oo"}
SPACES = ["", " ", "-", "–", "—", "\t", " - ", "\u3000", "－", "‑", "−"]
NUMBERS = st.text(ALPHABET, min_size=8, max_size=8).map(lambda s: f"2026-{s[:4]}-{s[4:]}")
FULL_WIDTH = {ord(symbol): ord(symbol) + 0xFEE0 for symbol in ALPHABET + ALPHABET.lower()}


@st.composite
def retyped(draw, text: str) -> str:
    """Return `text` as somebody may type it: other case and hyphens, I and l for 1, O for 0."""
    typed = []
    for symbol in text.replace("-", ""):
        look_alikes = DIGIT_FOR.get(symbol, symbol + symbol.lower())
        typed += [draw(st.sampled_from(SPACES)), draw(st.sampled_from(look_alikes))]
    return "".join([*typed, draw(st.sampled_from(SPACES))])


def test_a_number_has_the_year_and_forty_random_bits():
    number = new_case_number(NOW)

    year, *groups = number.split("-")
    assert year == "2026"
    assert [len(group) for group in groups] == [4, 4]
    assert set("".join(groups)) <= set(ALPHABET)
    assert len(ALPHABET) == 32


def test_numbers_do_not_follow_each_other():
    numbers = {new_case_number(NOW) for _ in range(500)}

    assert len(numbers) == 500
    assert len({number[:9] for number in numbers}) > 450


@given(NUMBERS.flatmap(lambda number: st.tuples(st.just(number), retyped(number))))
def test_a_number_is_found_however_it_is_typed(number_and_typed):
    number, typed = number_and_typed

    assert normalise_number(typed) == number
    assert normalise_number(typed.translate(FULL_WIDTH)) == number


@given(st.text())
def test_any_text_is_taken_as_a_number_without_an_error(text):
    normalise_number(text)


@given(attempt=st.binary(min_size=1))
def test_a_receipt_has_140_bits_in_groups_of_four(attempt):
    receipt = derive_receipt(attempt)

    groups = receipt.split("-")
    assert [len(group) for group in groups] == [4] * 7
    assert set("".join(groups)) <= set(ALPHABET)
    assert 5 * len("".join(groups)) >= 128


@given(st.binary(), st.binary())
def test_each_attempt_has_its_receipt_and_always_the_same(one, other):
    assert derive_receipt(one) == derive_receipt(one)
    assert (derive_receipt(one) == derive_receipt(other)) == (one == other)


def test_a_receipt_cannot_be_made_without_the_key(settings):
    receipt = derive_receipt(b"attempt")
    settings.INDEX_KEY = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="

    assert derive_receipt(b"attempt") != receipt


@given(st.data())
def test_a_receipt_opens_however_it_is_typed(data):
    receipt = derive_receipt(data.draw(st.binary()))

    assert receipt_matches(data.draw(retyped(receipt)), receipt_digest(receipt))


@given(st.data(), st.integers(0, 27))
def test_one_wrong_symbol_opens_nothing(data, place):
    symbols = derive_receipt(data.draw(st.binary())).replace("-", "")
    wrong = data.draw(st.sampled_from(ALPHABET.replace(symbols[place], "")))
    typed = symbols[:place] + wrong + symbols[place + 1 :]

    assert not receipt_matches(typed, receipt_digest(symbols))


@pytest.mark.parametrize("typed", ["", " ", "-", "0", "王小明", "\x00", "A" * 10_000])
def test_what_is_no_receipt_opens_nothing(typed):
    assert not receipt_matches(typed, receipt_digest(derive_receipt(b"attempt")))
    assert not receipt_matches(typed, bytes(32))


def test_a_database_view_of_the_digest_is_compared_as_bytes():
    receipt = derive_receipt(b"attempt")

    assert receipt_matches(receipt, memoryview(receipt_digest(receipt)))


def test_the_digest_is_not_the_receipt():
    receipt = derive_receipt(b"attempt")

    assert len(receipt_digest(receipt)) == 32
    assert receipt.replace("-", "").encode() not in receipt_digest(receipt)
