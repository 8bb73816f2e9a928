"""What must be right about a request, field by field."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import ERIKA, WANG
from workflows.cases.errors import InvalidFiling
from workflows.cases.filing_request import (
    MAX_IDENTIFIERS,
    MAX_ITEMS,
    MAX_SHORT,
    MAX_TEXT,
    FiledIdentifier,
    FiledItem,
    check_filing,
    is_residence,
    request_from_content,
)
from workflows.common.inputs import is_storable_text
from workflows.vocabulary import places
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.people import IdentifierKind, RequesterRole

LONE_SURROGATE = "\ud83d"
COPY = FiledItem("copy")


def wrong(**changes: object) -> set[str]:
    return set(check_filing(replace(WANG, **changes)))


@pytest.mark.parametrize("request_", [WANG, ERIKA])
def test_a_complete_request_has_nothing_wrong(request_):
    assert check_filing(request_) == {}


@pytest.mark.parametrize("kind", ItemKind.values)
def test_each_kind_of_item_can_be_asked_for(kind):
    assert not wrong(items=(FiledItem(kind),))


@pytest.mark.parametrize("kind", IdentifierKind.values)
def test_each_kind_of_identifier_is_taken(kind):
    assert not wrong(identifiers=(FiledIdentifier(kind, "x"),))


def test_no_contact_is_needed():
    assert not wrong(email="", phone="", identifiers=())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"items": ()}, "items"),
        ({"items": (COPY,) * (MAX_ITEMS + 1)}, "items"),
        ({"items": (FiledItem("steal"),)}, "items"),
        ({"items": (FiledItem("copy", {"statement": "x" * (MAX_TEXT + 1)}),)}, "items"),
        ({"items": (FiledItem("copy", {"urls": ["x", "x" * (MAX_TEXT + 1)]}),)}, "items"),
        ({"items": (FiledItem("copy", {"shoe_size": "42"}),)}, "items"),
        ({"residence": ""}, "residence"),
        ({"residence": "Germany"}, "residence"),
        ({"residence": "de"}, "residence"),
        ({"residence": "fr-75"}, "residence"),
        ({"residence": "DE-"}, "residence"),
        ({"residence": "US-DE-BE"}, "residence"),
        ({"residence": "X" * 11}, "residence"),
        ({"language": "fr"}, "language"),
        ({"language": ""}, "language"),
        ({"requester_role": "stranger"}, "requester_role"),
        ({"subject_name": ""}, "subject_name"),
        ({"subject_name": "x" * (MAX_SHORT + 1)}, "subject_name"),
        ({"service": "x" * (MAX_SHORT + 1)}, "service"),
        ({"phone": "1" * (MAX_SHORT + 1)}, "phone"),
        ({"phone": "abc"}, "phone"),
        ({"phone": "110"}, "phone"),
        ({"authority": "x" * (MAX_TEXT + 1)}, "authority"),
        ({"email": "not an address"}, "email"),
        ({"email": "a@b\nBcc: c@d.example"}, "email"),
        ({"identifiers": (FiledIdentifier("email", ""),)}, "identifiers"),
        ({"identifiers": (FiledIdentifier("shoe", "42"),)}, "identifiers"),
        ({"identifiers": (FiledIdentifier("other", "x" * (MAX_TEXT + 1)),)}, "identifiers"),
        (
            {"identifiers": (FiledIdentifier("other", "x"),) * (MAX_IDENTIFIERS + 1)},
            "identifiers",
        ),
    ],
)
def test_each_fault_is_named_by_its_field(changes, field):
    assert wrong(**changes) == {field}


@pytest.mark.parametrize("at_most", [MAX_SHORT])
def test_the_longest_text_allowed_is_allowed(at_most):
    assert not wrong(subject_name="x" * at_most, items=(COPY,) * MAX_ITEMS)


@pytest.mark.django_db
@pytest.mark.parametrize("role", sorted(set(RequesterRole.values) - {"self"}))
def test_who_acts_for_another_says_who_they_are_and_by_what_right(role):
    kin = {"kinship", "own_interest", "arrangement"} if role == "near_relative" else set()
    assert wrong(requester_role=role) == {"requester_name", "authority"} | kin
    told = dict.fromkeys(kin, "Told.")
    assert not wrong(
        requester_role=role, requester_name="Nadia", authority="I am her lawyer.", **told
    )


def test_all_faults_are_told_at_once_and_each_only_once():
    errors = check_filing(
        replace(WANG, items=(FiledItem("a"), FiledItem("b")), residence="", email="?")
    )

    assert set(errors) == {"items", "residence", "email"}
    assert len(errors["items"]) == 1


@pytest.mark.parametrize("symbol", [LONE_SURROGATE, "\udfff", "\x00"])
@pytest.mark.parametrize(
    ("field", "entered"),
    [
        ("subject_name", lambda text: text),
        ("service", lambda text: text),
        ("authority", lambda text: text),
        ("phone", lambda text: text),
        ("items", lambda text: (FiledItem("copy", {"statement": text}),)),
        ("items", lambda text: (FiledItem("copy", {"prompts": ["fine", text]}),)),
        ("identifiers", lambda text: (FiledIdentifier("name", text),)),
    ],
)
def test_a_symbol_that_cannot_be_stored_is_a_fault_and_no_crash(symbol, field, entered):
    assert field in wrong(**{field: entered(f"王{symbol}")})


def test_a_lone_surrogate_for_an_address_or_a_place_is_a_fault_as_well():
    assert "email" in wrong(email=f"{LONE_SURROGATE}@a.example")
    assert "residence" in wrong(residence=LONE_SURROGATE)


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=20))
def test_what_can_be_stored_is_what_utf_8_and_the_database_take(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        storable = False
    else:
        storable = "\x00" not in text

    assert is_storable_text(text) == storable


@pytest.mark.parametrize(
    ("residence", "is_one"),
    [
        ("CN", True),
        ("DE-BE", True),
        ("FR-75", True),
        ("EU", True),
        ("ZZ", False),
        ("Germany", False),
        ("de", False),
        ("fr-75", False),
        ("XX-75", False),
        ("", False),
    ],
)
def test_a_residence_is_a_place_of_the_list_or_one_that_a_law_names(residence, is_one):
    assert is_residence(residence) is is_one


def test_each_place_that_the_form_offers_can_be_told():
    countries = [code for code, _ in places.countries()]
    parts = [code for country in countries for code, _ in places.parts_of(country)]

    assert not [place for place in countries + parts if wrong(residence=place)]


def test_an_unknown_place_is_named_with_what_is_wanted():
    [sentence] = check_filing(replace(WANG, residence="Germany"))["residence"]

    assert "such as DE" in sentence


@pytest.mark.parametrize("request_", [WANG, ERIKA])
def test_a_request_is_read_from_the_json_that_it_writes(request_):
    assert request_from_content(request_.as_content()) == request_


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*WANG.as_content(), "x"]), inner, max_size=4)
        ),
        max_leaves=8,
    )
)
def test_any_json_is_read_or_refused_by_field(content):
    with suppress(InvalidFiling):
        request_from_content(content)
