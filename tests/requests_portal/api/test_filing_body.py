"""The quick reader of a filing gives what the serializer gives, or nothing."""

import orjson
import pytest
from django.conf import settings
from hypothesis import event, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from rest_framework import serializers

from requests_portal.api.v1.filing_body import NotRecognised, read_quickly, reader_of
from requests_portal.api.v1.serializers import FilingSerializer
from workflows.cases.filing_request import MAX_CODE, MAX_IDENTIFIERS, MAX_ITEMS, MAX_SHORT, MAX_TEXT
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.people import IdentifierKind, RequesterRole

# Around each bound, not normalised, outer spaces of all sorts, controls, what cannot be stored.
ODD_TEXTS = st.sampled_from(
    [
        "",
        " ",
        "\u3000\u2003\n",
        "\x1f x \x85",
        "\ufeffx\u200b",
        "a\0b",
        "\0",
        "\ud83d",
        "x\udc00",
        "\x07",
        "é",
        "e\u0301",
        "한",
        "ﬁ",
        "😀",
        *("x" * (most + more) for most in (MAX_CODE, MAX_SHORT, MAX_TEXT) for more in (0, 1)),
        *("王" * most + " " * 3 for most in (MAX_CODE, MAX_SHORT, MAX_TEXT)),
    ]
)
TEXTS = st.text(min_size=1, max_size=8) | ODD_TEXTS
WRONG = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.just([]) | st.just({})


def rarely(usual: st.SearchStrategy, odd: st.SearchStrategy) -> st.SearchStrategy:
    """Return mostly what is usual: of many values, each must be right for the whole to be."""
    return st.integers(0, 100).flatmap(lambda number: usual if number else odd)


def choice(values: list[str]) -> st.SearchStrategy:
    return rarely(st.sampled_from(values), WRONG | st.sampled_from(values).map(str.upper))


def an_object(required: dict, optional: dict) -> st.SearchStrategy:
    """Return objects as described, now and then with a field too few or too many."""
    described = st.fixed_dictionaries(required, optional=optional)
    incomplete = st.fixed_dictionaries({}, optional=required | optional)
    more = st.dictionaries(TEXTS, WRONG, min_size=1, max_size=1)
    overfull = st.builds(lambda entries, others: entries | others, described, more)
    return rarely(described, incomplete | overfull | WRONG)


TEXT = rarely(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8), TEXTS
)
MANY_TEXTS = rarely(st.lists(TEXT, max_size=3), st.lists(st.just("x"), max_size=21) | WRONG)
TEXT = rarely(TEXT, WRONG)
DETAILS = an_object(
    {},
    dict.fromkeys(("statement", "claimed", "correct", "where_seen"), TEXT)
    | dict.fromkeys(("prompts", "urls"), MANY_TEXTS),
)
ITEM = an_object({"kind": choice(ItemKind.values)}, {"details": DETAILS})
IDENTIFIER = an_object({"kind": choice(IdentifierKind.values), "value": TEXT}, {})
COPY = st.just({"kind": "copy"})
PHONE = st.just({"kind": "phone", "value": "13800001234"})
BODIES = an_object(
    {
        "items": rarely(
            st.lists(ITEM, min_size=1, max_size=3), st.lists(COPY, max_size=MAX_ITEMS + 1) | WRONG
        ),
        "residence": TEXT,
        "language": choice([code for code, _name in settings.LANGUAGES]),
        "subject_name": TEXT,
    },
    {
        "identifiers": rarely(
            st.lists(IDENTIFIER, max_size=3),
            st.lists(PHONE, min_size=MAX_IDENTIFIERS, max_size=MAX_IDENTIFIERS + 1) | WRONG,
        ),
        "requester_role": choice(RequesterRole.values),
    }
    | dict.fromkeys(
        (
            "requester_name",
            "authority",
            "kinship",
            "own_interest",
            "arrangement",
            "email",
            "phone",
            "service",
        ),
        TEXT,
    ),
)
FULL = {
    "items": [{"kind": "correct", "details": {"claimed": " a ", "correct": "", "prompts": ["x"]}}],
    "residence": " CN",
    "language": "zh-hans",
    "subject_name": "王小明\n",
    "identifiers": [{"kind": "phone", "value": "138 0000 1234"}],
    "requester_role": "guardian",
    "email": "",
}


def hold_equal(body: object) -> bool:
    """Hold the reader to the serializer where it accepts; return whether it does."""
    try:
        read = read_quickly(body)
    except NotRecognised:
        return False
    serializer = FilingSerializer(data=body)
    assert serializer.is_valid(), serializer.errors
    # Ordered, and with the types that it has: `==` would take an enumeration for a text.
    assert repr(read) == repr(plain(serializer.validated_data))
    return True


def plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: plain(entry) for name, entry in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, list) else value


@examples(max_examples=200)
@given(BODIES)
def test_what_is_read_quickly_is_what_the_serializer_gives(body):
    event("accepted" if hold_equal(body) else "left to the serializer")


@given(st.text(st.sampled_from('{}[]":,\\u0dkinest "'), max_size=60), st.integers(0, 400))
def test_so_it_is_with_json_that_was_tampered_with(inserted, at):
    written = orjson.dumps(FULL).decode()
    try:
        body = orjson.loads(written[:at] + inserted + written[at:])
    except orjson.JSONDecodeError:
        return
    hold_equal(body)


@pytest.mark.parametrize("name", [*FULL, "items.kind"])
def test_of_a_key_that_comes_twice_both_take_the_last(name):
    written = orjson.dumps(FULL).decode()
    key = f'"{name.rpartition(".")[2]}":'
    assert hold_equal(orjson.loads(written.replace(key, f"{key}null,{key}", 1)))


@pytest.mark.parametrize("name", [None, *FULL])
def test_an_ordinary_body_is_read_quickly(name):
    """So is one that leaves out what may be left out."""
    body = {field: value for field, value in FULL.items() if field != name}
    required = {"items", "residence", "language", "subject_name"}
    assert hold_equal(body) == (name not in required)


@pytest.mark.parametrize(
    "field",
    [
        serializers.IntegerField(),
        serializers.CharField(),
        serializers.CharField(max_length=5, min_length=2),
        serializers.CharField(max_length=5, trim_whitespace=False),
        serializers.EmailField(max_length=5),
    ],
)
def test_a_field_of_which_it_knows_too_little_gets_no_reader(field):
    with pytest.raises(TypeError, match="no quick reader"):
        reader_of(field)
