"""The reference filter: phrases that straddle chunks, words inside words, signatures, models."""

import base64
import hashlib
import hmac
import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.output_filter import (
    ListError,
    OutputFilter,
    in_force,
    key_name,
    letters,
    read_list,
)
from workflows.ledger.note import Signer

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


PIECES = st.sampled_from(["王小明", "Ann Lee", "ann-lee", " ", "ann", "王", "é", "x", "138-00", "1 3800", "\n", "ﬁ"])  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join), st.data())
def test_chunks_make_no_difference(text, data):
    entries = [
        entry("exact", "Ann Lee"), entry("normalised", "王小明"), entry("normalised", "ann ann"),
        entry("keyed_hash", "13800"), entry("keyed_hash", "fix"),
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
    assert [e["phrase"] for e in in_force(entries, "m 2", date(2026, 11, 23))] == ["a", "c"]


def note(*entries):
    lines = [json.dumps(entry, ensure_ascii=False) for entry in entries]
    head = ["requests-portal/suppression-list/v1", "version 1", "made 2026-11-24T00:00:00+00:00"]
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
