"""What two people had erased stays erased, although a backup from before is brought back."""

import shutil
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from tests.exports import export
from tests.factories import ERIKA, OFFICER, OTHER_OFFICER, make_case
from workflows.cases.clocks import additional_clocks
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, IdempotencyKey, Person
from workflows.complaints.services import complain, has_open
from workflows.ledger.copies import CopyError, read_copy, write_copy
from workflows.ledger.models import Event
from workflows.ledger.sequencer import drain_inbox
from workflows.ledger.verify import verify_log
from workflows.outbox.models import Effect
from workflows.retention.erasing_again import erase_again, erasures_in_copy, erasures_in_log
from workflows.retention.erasure import erase, request_erasure
from workflows.vault import blind_index
from workflows.vault.crypto import Shredded
from workflows.vault.models import BlindIndexEntry, DataKey

pytestmark = pytest.mark.django_db


def erased_case() -> Case:
    case = make_case(State.CLOSED)
    request_erasure(case, OFFICER, "retention_over")
    erase(case, OTHER_OFFICER)
    return case


TABLES = {
    "cases_case": "id",
    "cases_person": "case_id",
    "cases_message": "case_id",
    "vault_datakey": "id",
}


def keep(case: Case) -> None:
    """Keep the rows of a case, as a backup does."""
    with connection.cursor() as cursor:
        for table, column in TABLES.items():
            value = case.data_key_id if table == "vault_datakey" else case.pk
            cursor.execute(
                f"CREATE TEMPORARY TABLE kept_{table} AS SELECT * FROM {table} WHERE {column} = %s",
                [value],
            )


def bring_back(*tables: str) -> None:
    """Put the kept rows back in place of those that are there now."""
    with connection.cursor() as cursor:
        for table in tables or TABLES:
            columns = connection.introspection.get_table_description(cursor, table)
            updates = ", ".join(f'"{c.name}" = EXCLUDED."{c.name}"' for c in columns)
            cursor.execute(
                f"INSERT INTO {table} SELECT * FROM kept_{table}"
                f" ON CONFLICT (id) DO UPDATE SET {updates}"
            )


def erase_and_bring_back(case: Case, *tables: str) -> None:
    """Have two people erase a case, and restore the backup from before."""
    keep(case)
    request_erasure(case, OFFICER, "retention_over")
    erase(case, OTHER_OFFICER)
    bring_back(*tables)


def assert_erased(case: Case) -> None:
    case = Case.objects.get(pk=case.pk)
    assert case.erased_at is not None
    assert case.is_final
    assert case.data_key.is_shredded
    assert not case.people.exists()
    assert not case.messages.exists()
    assert not BlindIndexEntry.objects.filter(data_key=case.data_key).exists()


def said(capsys) -> dict[str, str]:
    lines = capsys.readouterr().out.splitlines()
    return {line.rpartition(" ")[0]: line.rpartition(" ")[2] for line in lines}


def again(**options: object) -> None:
    call_command("erase_again", "--since", "2020-01-01", **options)


class TestFromTheLogOfThisDatabase:
    @pytest.mark.parametrize(
        "tables",
        [
            (),
            ("vault_datakey",),
            ("cases_person",),
            ("vault_datakey", "cases_person", "cases_message"),
            ("cases_case",),
        ],
    )
    def test_what_was_brought_back_is_erased_again(self, tables):
        case = make_case(State.CLOSED)
        erase_and_bring_back(case, *tables)

        again()
        assert_erased(case)
        assert Event.objects.filter(name="case.erased", case=case.pseudonym).count() == 2
        event = Event.objects.filter(name="case.erased", case=case.pseudonym).latest("step")
        assert event.role == "system"
        assert set(event.facts) >= {"again", "rows"}

    def test_doing_it_twice_is_once(self, capsys):
        case = make_case(State.CLOSED)
        erase_and_bring_back(case)
        again()
        assert said(capsys)["erased again"] == "1"
        events = Event.objects.count()
        again()
        counts = said(capsys)
        assert (counts["erased again"], counts["erased already"]) == ("0", "1")
        assert Event.objects.count() == events

    def test_cases_that_nobody_erased_stay(self):
        erased_case()
        kept = make_case(State.CLOSED)
        again()
        assert kept.people.exists()
        assert Case.objects.get(pk=kept.pk).erased_at is None

    def test_what_was_erased_before_the_date_is_not_looked_at(self):
        erased_case()
        assert not erasures_in_log(timezone.now() + timedelta(seconds=1))
        assert len(erasures_in_log(timezone.now() - timedelta(hours=1))) == 1

    @pytest.mark.parametrize("date", ["yesterday", "2026-13-01", "01.02.2026", ""])
    def test_a_date_that_is_none_is_refused(self, date):
        with pytest.raises(CommandError, match="is no date"):
            call_command("erase_again", "--since", date)


class TestFromANewerCopy:
    """The whole database is older than the erasure, and so is its log."""

    @pytest.fixture
    def copies(self, tmp_path) -> dict[str, Path]:
        """The same log in each of its forms, with one erasure in it."""
        self.case = erased_case()
        drain_inbox()
        write_copy(tmp_path / "copy")
        content = export()
        (tmp_path / "bundle.zip").write_bytes(content)
        with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
            archive.extractall(tmp_path / "bundle")
        return {form: tmp_path / form for form in ("copy", "bundle.zip", "bundle")}

    @pytest.mark.parametrize("form", ["copy", "bundle.zip", "bundle"])
    @pytest.mark.parametrize("state", [State.IN_REVIEW, State.ANSWERED, State.WITHDRAWN])
    def test_a_case_in_any_state_is_erased_and_ended(self, copies, form, state):
        case = make_case(state, ERIKA)
        # As if it was this one that the newer log tells of.
        found = erasures_in_copy(copies[form], timezone.now() - timedelta(hours=1))
        assert [erasure.case for erasure in found] == [self.case.pseudonym]
        Case.objects.filter(pk=self.case.pk).update(pseudonym=case.data_key_id)
        Case.objects.filter(pk=case.pk).update(pseudonym=found[0].case)

        done = erase_again(found)
        assert (done.again, done.unknown) == ([case.number], 0)
        assert_erased(case)
        ended = Case.objects.get(pk=case.pk).state
        assert ended == (state if state == State.WITHDRAWN else State.CLOSED)

    def test_a_case_that_came_after_the_backup_is_counted(self, copies, capsys):
        Case.objects.filter(pk=self.case.pk).update(pseudonym=self.case.data_key_id)
        again(log=[copies["copy"]])
        assert said(capsys)["not in this database"] == "1"

    def test_without_a_copy_it_is_said_what_was_not_looked_at(self, copies, capsys):
        again()
        assert "has lost" in capsys.readouterr().out

    @pytest.mark.parametrize("change", ["entry", "checkpoint", "missing", "cut", "key"])
    def test_a_copy_that_is_not_ours_erases_nobody(self, copies, change, settings):
        folder = copies["copy"]
        (bundle,) = (folder / "tile/entries").rglob("*.p/*")
        content = bundle.read_bytes()
        if change == "entry":
            other = make_case(State.IN_REVIEW)
            bundle.write_bytes(
                content.replace(str(self.case.pseudonym).encode(), str(other.pseudonym).encode())
            )
        elif change == "checkpoint":
            note = (folder / "checkpoint").read_text().splitlines(keepends=True)
            note[1] = "1\n"
            (folder / "checkpoint").write_text("".join(note))
        elif change == "missing":
            bundle.unlink()
        elif change == "cut":
            bundle.write_bytes(content[:-3])
        else:
            settings.LEDGER_KEY = settings.INDEX_KEY
        with pytest.raises(CommandError):
            again(log=[folder])
        with pytest.raises(CopyError):
            read_copy(folder, frozenset({"case.erased"}))

    @pytest.mark.parametrize("place", ["nowhere", "empty", "text"])
    def test_what_is_no_copy_is_said_in_a_sentence(self, tmp_path, place):
        (tmp_path / "empty").mkdir()
        (tmp_path / "text").write_text("no log")
        with pytest.raises(CommandError, match="copy of the log"):
            again(log=[tmp_path / place])


class TestWhatElseIsLeft:
    def test_a_keyed_hash_of_the_request_goes(self):
        case = erased_case()
        IdempotencyKey.objects.create(digest=b"d" * 32, body_digest=b"b" * 32, case=case)
        again()
        assert not IdempotencyKey.objects.filter(case=case).exists()

    def test_what_waited_to_be_done_for_the_case_is_not_done(self):
        case = make_case(State.CLOSED)
        erase_and_bring_back(case)
        Effect.objects.filter(payload__case=str(case.pk)).update(state=Effect.State.PENDING)
        again()
        assert not Effect.objects.filter(
            payload__case=str(case.pk), state=Effect.State.PENDING
        ).exists()

    def test_an_open_complaint_ends_with_its_words(self):
        case = make_case(State.CLOSED)
        erase_and_bring_back(case)
        complain(Case.objects.get(pk=case.pk), "It took long.")
        again()
        assert_erased(case)
        assert not has_open(case)
        assert additional_clocks(Case.objects.get(pk=case.pk)) == []

    def test_the_log_still_verifies(self):
        case = make_case(State.CLOSED)
        erase_and_bring_back(case)
        again()
        drain_inbox()
        assert verify_log().waiting == 0

    def test_nothing_can_be_read_or_found(self):
        case = make_case(State.CLOSED)
        key = case.data_key_id
        erase_and_bring_back(case, "vault_datakey", "cases_person")
        person = Person.objects.get(case=case)
        assert person.name
        again()
        with pytest.raises(Shredded):
            DataKey.objects.get(pk=key).secret()
        assert blind_index.find("person.email", "xiaoming.wang@example.cn") == []


class TestKeepingACopy:
    def test_it_grows_with_the_log_and_keeps_what_is_full(self, tmp_path):
        make_case(State.CLOSED)
        drain_inbox()
        call_command("ledger_copy", tmp_path / "copy")
        first = {p.name for p in (tmp_path / "copy").rglob("*") if p.is_file()}
        for _case in range(12):
            make_case(State.CLOSED)
        drain_inbox()
        size = write_copy(tmp_path / "copy")
        assert size == Event.objects.count()
        assert len(list((tmp_path / "copy").rglob("*.p/*"))) <= 4
        assert "checkpoint" in first
        names = frozenset(Event.objects.values_list("name", flat=True))
        assert len(read_copy(tmp_path / "copy", names)) == size

    def test_a_log_that_was_rolled_back_does_not_write_over_it(self, tmp_path, monkeypatch):
        make_case()
        drain_inbox()
        write_copy(tmp_path / "copy")
        older = tmp_path / "older"
        shutil.copytree(tmp_path / "copy", older)
        make_case()
        drain_inbox()
        write_copy(tmp_path / "copy")
        from workflows.ledger import copies, selectors

        monkeypatch.setattr(
            copies.selectors,
            "latest_checkpoint",
            lambda: selectors.iter_checkpoints().__next__(),
        )
        with pytest.raises(CommandError, match="rolled back"):
            call_command("ledger_copy", tmp_path / "copy")

    def test_it_holds_no_word_of_a_person(self, tmp_path):
        make_case(State.ANSWERED)
        drain_inbox()
        write_copy(tmp_path / "copy")
        for path in (tmp_path / "copy").rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert "王小明".encode() not in content
                assert b"xiaoming" not in content

    def test_before_the_first_checkpoint_it_says_so(self, tmp_path):
        with pytest.raises(CommandError, match="never run"):
            call_command("ledger_copy", tmp_path / "copy")
