"""The reference filter: phrases that straddle chunks, words inside words, signatures, models."""

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.output_filter import (
    MOST_BETWEEN,
    ListError,
    OutputFilter,
    in_force,
    key_name,
    letters,
    read_list,
)
from workflows.common.signed_note import Signer

SIGNER = Signer("portal.example/suppression-list", b"s" * 32)
KEY = b"gateway key"


def entry(form, phrase, **more):
    made = {"id": "1", "form": form, "models": None, "expires_on": None, "label": "suppressed"}
    if form == "keyed_hash":
        text = "".join(part for part, _place in letters(phrase))
        digest = hmac.digest(KEY, text.encode(), hashlib.sha256).hex()
        return {**made, "key": key_name(KEY), "digest": digest, "length": len(text), **more}
    return {**made, "phrase": phrase, **more}


def whole(entries, *pieces):
    wanted = OutputFilter(entries, KEY)
    return "".join([*(wanted.feed(piece) for piece in pieces), wanted.finish()])


@pytest.mark.parametrize(
    ("form", "phrase", "text", "filtered"),
    [
        ("exact", "Ann Lee", "say Ann Lee.", "say [suppressed]."),
        ("exact", "Ann Lee", "say ann lee.", "say ann lee."),
        ("exact", "Ann", "Annual, Ann, Joann", "Annual, [suppressed], Joann"),
        ("normalised", "138 0013 8025", "tel 138-0013-8025!", "tel [suppressed]!"),
        ("normalised", "13800138025", "x138001380251 113800138025", "x138001380251 113800138025"),
        ("normalised", "José", "JOSE\u0301 and jose", "[suppressed] and [suppressed]"),
        ("normalised", "王小明", "是王 小明的", "是[suppressed]的"),
        ("keyed_hash", "王小明", "是王小明的", "是[suppressed]的"),
        ("keyed_hash", "Ann Lee", "ANN-LEE, annleeds", "[suppressed], annleeds"),
    ],
)
def test_what_is_found(form, phrase, text, filtered):
    assert whole([entry(form, phrase)], text) == filtered
    assert whole([entry(form, phrase)], *text) == filtered


@pytest.mark.parametrize("form", ["normalised", "keyed_hash", "exact"])
@pytest.mark.parametrize(
    ("phrase", "text", "filtered"),
    [
        ("홍길동", "홍길동은 서울에 산다", "[suppressed]은 서울에 산다"),
        ("홍길동", "배우 홍길동에게서만, 홍길동입니다.", "배우 [suppressed]에게서만, [suppressed]입니다."),
        ("홍길동", "홍길동씨께서는", "[suppressed]씨께서는"),
        ("Ann", "Ann은 Anna를", "[suppressed]은 Anna를"),
        ("13800138025", "전화13800138025로", "전화[suppressed]로"),
        ("김지", "김진, 김지영, 박김지", "김진, 김지영, 박김지"),
        ("สมชาย", "คุณสมชายไปบ้าน", "คุณ[suppressed]ไปบ้าน"),
        ("ສົມຊາຍ", "ທ້າວສົມຊາຍໄປ", "ທ້າວ[suppressed]ໄປ"),
        ("さくら", "私のさくらさん", "私の[suppressed]さん"),
        ("𠮷田", "是𠮷田的", "是[suppressed]的"),
    ],
)  # fmt: skip
def test_words_that_no_space_parts_from_what_follows(form, phrase, text, filtered):
    assert whole([entry(form, phrase)], text) == filtered
    assert whole([entry(form, phrase)], *text) == filtered


@pytest.mark.parametrize("text", ["김진", "김진은", "김지영이", "각"])
@pytest.mark.parametrize("phrase", ["김지", "가"])
def test_a_longer_name_is_not_suppressed_by_the_letters_of_its_syllables(phrase, text):
    for written in (text, unicodedata.normalize("NFD", text)):
        assert whole([entry("normalised", phrase)], written) == written
        assert whole([entry("keyed_hash", phrase)], *written) == written


def test_syllables_that_are_written_as_their_letters_are_found_with_their_particles():
    text = unicodedata.normalize("NFD", "배우 홍길동은")
    assert whole([entry("normalised", "홍길동")], *text) == (
        unicodedata.normalize("NFD", "배우 ") + "[suppressed]" + unicodedata.normalize("NFD", "은")
    )


@pytest.mark.parametrize("piece", ["-", "- ", "\u0301", "a-", "가", "1 "])
@pytest.mark.parametrize("form", ["exact", "normalised", "keyed_hash"])
def test_each_character_is_looked_at_a_bounded_number_of_times(monkeypatch, piece, form):
    """Whatever is held back, a long row of anything costs in proportion to its length."""
    wanted, looked_at = OutputFilter([entry(form, "Ann Lee"), entry(form, "가나")], KEY), 0
    normalize, category = unicodedata.normalize, unicodedata.category

    def counted(function):
        def call(*arguments):
            nonlocal looked_at
            looked_at += len(arguments[-1])
            return function(*arguments)

        return call

    monkeypatch.setattr("examples.output_filter.unicodedata.normalize", counted(normalize))
    monkeypatch.setattr("examples.output_filter.unicodedata.category", counted(category))
    row = "Ann" + piece * 4000
    most_held = let_through = 0
    for number, character in enumerate(row, 1):
        let_through += len(wanted.feed(character))
        most_held = max(most_held, number - let_through)
    wanted.finish()
    assert most_held < 8 * MOST_BETWEEN
    assert looked_at < 200 * len(row)


def test_letters_with_very_much_between_them_are_no_phrase():
    for between, is_one in ((MOST_BETWEEN - 1, True), (MOST_BETWEEN, False)):
        text = "a" + "-" * between + "b"
        for pieces in ([text], list(text)):
            found = whole([entry("normalised", "ab")], *pieces)
            assert (found == "[suppressed]") is is_one


def test_a_chinese_name_ends_where_korean_begins():
    assert whole([entry("normalised", "王小明")], "王小明홍길동") == "[suppressed]홍길동"


PIECES = st.sampled_from(["王小明", "Ann Lee", "ann-lee", " ", "ann", "王", "é", "x", "138-00", "1 3800", "\n", "ﬁ", "홍길동", "은", "ᆫ", "สม", "\u0301"])  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join), st.data())
def test_chunks_make_no_difference(text, data):
    entries = [
        entry("exact", "Ann Lee"), entry("normalised", "王小明"), entry("normalised", "ann ann"),
        entry("keyed_hash", "13800"), entry("keyed_hash", "fix"),
        entry("normalised", "홍길동"), entry("exact", "สม"), entry("normalised", "홍길"),
    ]  # fmt: skip
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert whole(entries, *pieces) == whole(entries, text)
    assert "王小明" not in whole(entries, *pieces)


def test_it_holds_back_no_more_than_a_phrase_needs():
    wanted = OutputFilter([entry("normalised", "abc")])
    assert wanted.feed("one two three") == "one two th"


def test_phrases_that_overlap_are_one_mark():
    assert whole([entry("normalised", "a b c"), entry("normalised", "c d")], "a b c d e") == (
        "[suppressed] e"
    )


def test_only_what_is_in_force_for_the_model():
    entries = [
        entry("exact", "a"),
        entry("exact", "b", models=["m 1"]),
        entry("exact", "c", expires_on="2026-11-23"),
    ]
    chosen = in_force(entries, "m 1", date(2026, 11, 24))
    assert [e["phrase"] for e in chosen] == ["a", "b"]
    with pytest.raises(ListError, match="--model"):
        in_force(entries, "", date(2026, 11, 24))
    assert [e["phrase"] for e in in_force(entries, "m 2", date(2026, 11, 23))] == ["a", "c"]


def test_a_form_that_it_does_not_know_is_refused():
    with pytest.raises(ListError, match="sound_alike"):
        OutputFilter([{**entry("exact", "a"), "form": "sound_alike"}])


def note(*entries, version=1):
    lines = [json.dumps(entry, ensure_ascii=False) for entry in entries]
    head = [
        "requests-portal/suppression-list/v1",
        f"version {version}",
        "made 2026-11-24T00:00:00+00:00",
    ]
    return SIGNER.sign("\n".join([*head, *lines]) + "\n")


def test_a_list_is_read_when_its_signature_holds():
    assert read_list(note(entry("exact", "a")), SIGNER.verifier.vkey) == [entry("exact", "a")]
    with pytest.raises(ListError, match="does not hold"):
        read_list(note(entry("exact", "a")).replace("version 1", "version 2"), SIGNER.verifier.vkey)
    with pytest.raises(ListError, match="has not signed"):
        read_list(note(), Signer("other", b"o" * 32).verifier.vkey)
    with pytest.raises(ListError, match="no suppression list"):
        read_list(SIGNER.sign("a\nb\nc\n"), SIGNER.verifier.vkey)


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_a_phrase_may_hold_what_some_readers_take_for_the_end_of_a_line(separator):
    wanted = [entry("exact", f"Ann{separator}Lee"), entry("exact", "b")]
    assert read_list(note(*wanted), SIGNER.verifier.vkey) == wanted


def test_an_older_list_than_one_that_was_seen_is_refused():
    assert read_list(note(version=7), SIGNER.verifier.vkey, 7) == []
    with pytest.raises(ListError, match="older than version 8"):
        read_list(note(version=7), SIGNER.verifier.vkey, 8)
    with pytest.raises(ListError, match="no version"):
        read_list(note(version="x"), SIGNER.verifier.vkey)


def filtered(tmp_path, text, *options):
    program = Path("examples/output_filter.py")
    return subprocess.run(
        [sys.executable, program, tmp_path / "list", "--vkey", SIGNER.verifier.vkey, *options],
        input=text, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_program_remembers_the_version_and_lets_nothing_through_with_an_older_list(tmp_path):
    path = tmp_path / "list"
    path.write_text(note(entry("exact", "Ann Lee"), version=2), encoding="utf-8")
    assert filtered(tmp_path, "Ann Lee\n").stdout == "[suppressed]\n"
    path.write_text(note(version=1), encoding="utf-8")
    refused = filtered(tmp_path, "Ann Lee\n")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "older than version 2" in refused.stderr
    path.write_text(note(version=3), encoding="utf-8")
    assert filtered(tmp_path, "Ann Lee\n").stdout == "Ann Lee\n"


def test_the_program_lets_nothing_through_where_entries_cannot_be_applied(tmp_path):
    path = tmp_path / "list"
    path.write_text(note(entry("keyed_hash", "Ann Lee")), encoding="utf-8")
    assert (filtered(tmp_path, "x").returncode, filtered(tmp_path, "x").stdout) == (1, "")
    assert (
        filtered(tmp_path, "Ann Lee", "--key", base64.b64encode(KEY).decode()).stdout
        == "[suppressed]"
    )
    path.write_text(note(entry("exact", "Ann Lee", models=["chat 2"])), encoding="utf-8")
    refused = filtered(tmp_path, "x")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "--model" in refused.stderr
    assert filtered(tmp_path, "Ann Lee", "--model", "chat 2").stdout == "[suppressed]"
    other = filtered(tmp_path, "Ann Lee", "--model", "chat 3")
    assert other.stdout == "Ann Lee"
    assert "0 of 1 entries" in other.stderr


def test_it_filters_standard_input(tmp_path):
    (tmp_path / "list").write_text(note(entry("exact", "Ann Lee")), encoding="utf-8")
    program = Path("examples/output_filter.py")
    run = subprocess.run(
        [sys.executable, program, tmp_path / "list", "--vkey", SIGNER.verifier.vkey],
        input="This is Ann Lee.\n", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout == "This is [suppressed].\n"


def test_it_takes_several_keys(tmp_path):
    (tmp_path / "list").write_text(note(entry("keyed_hash", "Ann Lee")), encoding="utf-8")
    command = [sys.executable, "examples/output_filter.py", tmp_path / "list"]
    command += ["--vkey", SIGNER.verifier.vkey]
    given = [f"--key={base64.b64encode(key).decode()}" for key in (b"another", KEY)]
    run = subprocess.run(
        [*command, *given], input="This is Ann Lee.\n", capture_output=True, text=True, check=True
    )
    assert run.stdout == "This is [suppressed].\n"
    without = subprocess.run(
        [*command, given[0]],
        input="This is Ann Lee.\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (without.returncode, without.stdout) == (1, "")
