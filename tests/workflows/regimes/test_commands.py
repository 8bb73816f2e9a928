"""The two commands that explain and check dates, without a database."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

VECTORS = Path(__file__).with_name("vectors.json")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=out)
    return out.getvalue()


class TestDeadlineVectors:
    def test_all_pass_and_the_last_line_counts_them(self):
        assert run("deadline_vectors", str(VECTORS)) == "84 passed, 0 failed\n"
        assert run("deadline_vectors", str(VECTORS), "--strict") == "84 passed, 0 failed\n"

    def write(self, path, **changes):
        vectors = json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"][:3]
        vectors[2] = {**vectors[2], **changes}
        path.write_text(json.dumps({"vectors": vectors}))
        return str(path)

    def test_a_mismatch_is_printed_with_its_arithmetic_and_exit_code_one(self, tmp_path):
        out = StringIO()

        with pytest.raises(SystemExit) as stop:
            call_command(
                "deadline_vectors",
                self.write(tmp_path / "v.json", expected="2026-05-01"),
                stdout=out,
            )

        text = out.getvalue()
        assert stop.value.code == 1
        assert "FAIL EU-07 by the vector's rule: expected 2026-05-01, got 2026-05-04" in text
        assert "FAIL EU-07 by EU 2026-12-02: expected 2026-05-01, got 2026-05-04" in text
        assert "    Friday, 1 May 2026 is not a working day: the end moves to Monday" in text
        assert text.endswith("\n2 passed, 1 failed\n")

    def test_notes_fail_unless_lenient(self, tmp_path):
        path = self.write(tmp_path / "v.json", latest_arguable="2026-05-09")

        text = run("deadline_vectors", path, "--lenient")
        assert "note EU-07: latest arguable is 2026-05-09 in the file, 2026-05-04 here" in text
        assert text.endswith("3 passed, 0 failed\n")
        with pytest.raises(SystemExit):
            run("deadline_vectors", path)

    def test_a_vector_that_cannot_be_read_fails_and_the_others_run(self, tmp_path):
        out = StringIO()

        with pytest.raises(SystemExit):
            call_command(
                "deadline_vectors", self.write(tmp_path / "v.json", received="soon"), stdout=out
            )

        assert "FAIL EU-07: it cannot be read" in out.getvalue()
        assert out.getvalue().endswith("2 passed, 1 failed\n")

    @pytest.mark.parametrize("text", ["not json", "[]", '{"vectors": [1]}', "{}"])
    def test_a_file_of_something_else_is_refused(self, tmp_path, text):
        path = tmp_path / "v.json"
        path.write_text(text)

        with pytest.raises(CommandError, match=r"v\.json"):
            run("deadline_vectors", str(path))


class TestDeadline:
    def test_one_date_is_explained(self):
        text = run(
            "deadline",
            "--regime=EU",
            "--at=DE-BE",
            "--kind=response",
            "--received=2026-01-31T10:00+01:00",
        )

        assert text.startswith("EU response: due 2026-03-02\n- Received at")
        assert "- Source: Regulation (EEC, Euratom) 1182/71" in text

    def test_events_move_it(self):
        text = run(
            "deadline",
            "--regime=UK",
            "--at=GB-ENG",
            "--received=2026-03-02T10:00Z",
            "--event=clarification_asked=2026-03-06T10:00Z",
            "--event=clarification_answered=2026-03-16T10:00Z",
        )

        assert text.startswith("UK response: due 2026-04-13")

    def test_the_leading_clock_is_the_default_and_uncertainty_is_in_the_first_line(self):
        text = run("deadline", "--regime=CN", "--received=2026-12-21T10:00+08:00")

        assert text.startswith(
            "CN response_15wd: provisionally due 2027-01-12 [calendar_incomplete]\n"
        )

    def test_no_statutory_date(self):
        text = run(
            "deadline",
            "--regime=CN",
            "--kind=response_statutory",
            "--received=2026-03-02T10:00+08:00",
        )

        assert text.startswith(
            "CN response_statutory: no statutory date, target 2026-03-23 [no_number]\n"
        )

    def test_a_strange_place_is_said(self):
        text = run("deadline", "--regime=EU", "--at=XX", "--received=2026-03-02T10:00Z")

        assert text.startswith("XX is not a place of EU: its default is used.\n")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--regime=XX", "--received=2026-03-02T10:00Z"], "no regime XX"),
            (["--regime=EU", "--kind=x", "--received=2026-03-02T10:00Z"], "It has: response"),
            (["--regime=EU", "--received=2026-03-02T10:00"], "time zone"),
            (["--regime=EU", "--received=soon"], "soon"),
            (
                [
                    "--regime=EU",
                    "--received=2026-03-02T10:00Z",
                    "--event=sneezed=2026-03-03T10:00Z",
                ],
                "not a clock event",
            ),
            (["--regime=EU", "--received=2026-03-02T10:00Z", "--event=answered"], "answered"),
        ],
    )
    def test_a_wrong_argument_is_refused_with_a_sentence(self, arguments, message):
        with pytest.raises(CommandError, match=message):
            run("deadline", *arguments)
