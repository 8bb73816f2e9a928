"""Each correction comes to a true end: proved by the re-scan, or said by hand where it is right."""

import json
from dataclasses import replace

import pytest

from tests.factories import REVIEWER, STEWARD, WANG, in_review_with_proof
from tests.workflows.corrections.changing import look_up, manifest_for, propose_and_approve
from tests.workflows.corrections.tables import address, content, drop_table, make_table, run_script
from tests.workflows.corrections.test_renumbering import posts_of
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases.filing_request import FiledItem
from workflows.common.errors import InvalidInput
from workflows.corrections.downloads import SQL, content_of
from workflows.corrections.instructions import record_receipt
from workflows.corrections.lineage import lineage
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_builder import build_manifest
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.models import Manifest
from workflows.corrections.receipts import ask_to_apply, take_receipt
from workflows.corrections.unjudged import unjudged_of
from workflows.datasets.locations import path_of
from workflows.datasets.models import Snapshot
from workflows.lookups.models import Match
from workflows.lookups.services import judge
from workflows.vocabulary.outcomes import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]

DELETE = FiledItem("delete", {"statement": "请删除。"})
BOTH = replace(WANG, items=(*WANG.items, DELETE))
WRONG, RIGHT = "王小明住在上海，电话 13800001234", "王小明住在杭州，电话 13800001234"
OTHERS = "另一个王小明在北京"
MORE = "王小明的电话是13800001234"
PLACE = "archive/public.alike"


def approved(theirs, outcome=Outcome.CORRECTED, request=WANG, others=None):
    """Take a case to where it waits to be carried out; nobody judges what is in neither set."""
    case = in_review_with_proof(request)
    look_up()
    for match in case.matches.select_related("case__data_key"):
        if match.record in theirs:
            judge(case, REVIEWER, [match.pk], Match.Verdict.THEIRS)
        elif others is None or match.record in others:
            judge(case, REVIEWER, [match.pk], Match.Verdict.NOT_THEIRS)
    # What is not among the others is left to be judged, which an approval has to explain.
    return propose_and_approve(case, outcome, "" if others is None else "The rest is judged later.")


class TestRowsWithTheSameText:
    @pytest.fixture
    def table(self, settings):
        settings.DATASET_DATABASES = {"archive": address()}

        def make(*rows):
            make_table("alike", list(rows))
            fields = {"id_field": "key", "text_fields": ["Body", "title"], "source_field": ""}
            return make_snapshot(PLACE, format="postgresql", **fields)

        drop_table("alike")
        yield make
        drop_table("alike")

    pytestmark = pytest.mark.django_db(transaction=True)

    def changed(self, manifest, script=True):
        if script:
            run_script(content_of(manifest, SQL).decode())
        new = Snapshot(version="2", format="postgresql", location=PLACE)
        take_receipt(manifest, STEWARD, key="2", status="applied", snapshot=new)
        verify_manifest(str(manifest.pk))
        manifest.refresh_from_db()
        return {(place["why"], place["id"]) for place in manifest.left}

    @pytest.mark.parametrize("others", [{2}, set()])
    def test_only_the_one_that_was_judged_is_corrected(self, table, others):
        posts = table((1, WRONG, None), (2, WRONG, None), (3, "nothing here", None))
        case = approved({1}, others=others)
        assert self.changed(manifest_for(posts)) == set()
        assert content("alike")[:2] == [(1, RIGHT, None), (2, WRONG, None)]
        assert case.items.get().executed

    def test_with_the_same_id_both_are_corrected(self, table):
        posts = table((1, WRONG, None), (1, WRONG, None))
        case = approved({1})
        assert self.changed(manifest_for(posts)) == set()
        assert content("alike") == [(1, RIGHT, None)] * 2
        assert case.items.get().executed

    def test_a_name_of_its_own_column_may_stay_in_the_row_of_another(self, table):
        posts = table((1, WRONG, "王小明"), (2, "nothing here", "王小明"))
        case = approved({1}, Outcome.DELETED, replace(WANG, items=(DELETE,)), others=set())
        assert self.changed(manifest_for(posts)) == set()
        assert [row[0] for row in content("alike")] == [2]
        assert case.items.get().executed

    def test_one_that_was_not_corrected_is_named(self, table):
        posts = table((1, WRONG, None), (2, WRONG, None))
        approved({1})
        found = self.changed(manifest_for(posts), script=False)
        assert found == {("unchanged", 1), ("not_corrected", 1)}

    def test_a_row_more_with_the_old_text_is_named(self, table):
        posts = table((1, WRONG, None), (2, WRONG, None))
        approved({1})
        manifest = manifest_for(posts)
        run_script(f"INSERT INTO alike VALUES (9, '{WRONG}')")
        # Which of two rows with one text is the new one nothing says.
        assert [why for why, _id in self.changed(manifest)] == ["unchanged"]


def given(manifest, records, version="2"):
    path = path_of(manifest.snapshot).with_name(f"{version}.jsonl")
    path.write_text(lines(records))
    new = Snapshot(version=version, format="jsonl", location=path.name)
    take_receipt(manifest, STEWARD, key=version, status="applied", snapshot=new)
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    look_up()
    return [(place["why"], place.get("id")) for place in manifest.left]


def rows_of(snapshot):
    return [json.loads(row) for row in path_of(snapshot).read_text().splitlines()]


def records(*texts, first=1):
    return [{"id": number, "text": text} for number, text in enumerate(texts, start=first)]


class TestNumberedAnew:
    @pytest.mark.parametrize("is_there", [True, False])
    def test_a_correction_is_known_by_its_text(self, data, is_there):
        posts = posts_of(data, records(WRONG, OTHERS, "nothing here"))
        case = approved({1})
        manifest = manifest_for(posts)
        if not is_there:
            path_of(posts).unlink()
        assert given(manifest, records(RIGHT, OTHERS, "nothing here", first=7)) == []
        assert manifest.state == Manifest.State.VERIFIED
        assert case.items.get().executed

    @pytest.mark.parametrize("is_there", [True, False])
    def test_one_that_is_missing_is_named(self, data, is_there):
        posts = posts_of(data, records(WRONG, OTHERS, RIGHT))
        approved({1}, others={2, 3})
        manifest = manifest_for(posts)
        if not is_there:
            path_of(posts).unlink()
        other = WRONG.replace("上海", "苏州")
        assert ("not_corrected", 1) in given(manifest, records(other, OTHERS, RIGHT, first=7))

    def test_what_stands_corrected_under_a_new_number_is_the_person_on_purpose(self, data):
        """And another record that has the old number now is looked at."""
        posts = posts_of(data, records(WRONG, MORE, "nothing here"))
        case = approved({1, 2}, {"correct": Outcome.CORRECTED, "delete": Outcome.DELETED}, BOTH)
        manifest = manifest_for(posts)
        path_of(posts).unlink()
        left = given(manifest, records(f"{MORE}。", RIGHT))
        assert set(left) == {("found", 1)}
        assert not case.items.filter(executed=True).exists()

    def test_a_case_that_corrects_and_deletes_comes_to_its_end(self, data):
        posts = posts_of(data, records(WRONG, MORE, "nothing here"))
        case = approved({1, 2}, {"correct": Outcome.CORRECTED, "delete": Outcome.DELETED}, BOTH)
        assert given(manifest_for(posts), records("nothing here", RIGHT, first=5)) == []
        assert case.items.filter(executed=True).count() == 2

    def test_a_namesake_s_record_may_have_the_number_of_one_that_was_deleted(self, data):
        posts = posts_of(data, records(MORE, OTHERS, "nothing here"))
        case = approved({1}, Outcome.DELETED, replace(WANG, items=(DELETE,)))
        assert given(manifest_for(posts), records(OTHERS, "nothing here")) == []
        assert case.items.get().executed

    def test_without_ids_too(self, data):
        rows = [{"text": text} for text in (WRONG, MORE, "nothing here")]
        (data / "posts.jsonl").write_text(lines(rows))
        posts = make_snapshot("posts.jsonl", source_field="", id_field="")
        case = approved({None}, {"correct": Outcome.CORRECTED, "delete": Outcome.DELETED}, BOTH)
        manifest = manifest_for(posts)
        ask_to_apply(manifest, STEWARD)
        apply_locally(str(manifest.pk))
        verify_manifest(str(manifest.pk))
        manifest.refresh_from_db()
        assert manifest.state == Manifest.State.VERIFIED, manifest.left
        assert [row["text"] for row in rows_of(manifest.result)] == [RIGHT, "nothing here"]
        assert case.items.filter(executed=True).count() == 2


def test_what_a_correction_does_not_name_is_not_gone_by_it(data):
    posts = posts_of(data, records(WRONG, "王小明又来了", "王小明又来了"))
    case = approved({1, 2}, others={3})
    manifest = manifest_for(posts)
    assert given(manifest, records(RIGHT, "王小明又来了", "王小明又来了", first=7)) == []
    assert manifest.state == Manifest.State.VERIFIED

    _may_stay, theirs = unjudged_of(case, lineage(manifest.result))
    assert theirs["name"]


class TestByHand:
    """Where the re-scan has left something, the newest version says whether a receipt is true."""

    def left(self, data, *texts, request=WANG, outcome=Outcome.CORRECTED):
        posts = posts_of(data, records(WRONG, OTHERS, MORE, "nothing here"))
        case = approved({1, 3}, outcome, request)
        assert given(manifest_for(posts), records(*texts))
        return case, posts

    def receipt(self, case, kind="correct"):
        instruction = case.items.get(kind=kind).instructions.get()
        record_receipt(instruction, STEWARD, "Looked at in version 2.")

    def test_a_text_that_manifests_read_otherwise_than_the_look_up_takes_none(self, data):
        rows = records(WRONG + "\ud800", OTHERS)
        for name in ("1.jsonl", "2.jsonl"):  # the pipeline has changed nothing
            (data / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        posts = make_snapshot("1.jsonl", source_field="")
        case = approved({1})
        manifest = manifest_for(posts)
        new = Snapshot(version="2", format="jsonl", location="2.jsonl")
        take_receipt(manifest, STEWARD, key="2", status="applied", snapshot=new)
        verify_manifest(str(manifest.pk))
        look_up()
        with pytest.raises(InvalidInput, match="re-scan"):
            self.receipt(case)

    def test_a_correction_whose_new_text_stands_there_takes_a_receipt(self, data):
        # One record was lost on the way, so the re-scan has found a difference.
        case, posts = self.left(data, RIGHT, OTHERS, MORE)
        assert build_manifest(posts.pk) is None
        self.receipt(case)
        assert case.items.get().executed

    def test_one_whose_old_text_stands_there_takes_none(self, data):
        case, posts = self.left(data, WRONG, OTHERS, MORE)
        with pytest.raises(InvalidInput, match="re-scan"):
            self.receipt(case)
        manifest = manifest_for(posts)
        ask_to_apply(manifest, STEWARD)
        apply_locally(str(manifest.pk))
        verify_manifest(str(manifest.pk))
        assert case.items.get().executed

    def test_nor_one_whose_text_is_another(self, data):
        case, _posts = self.left(data, f"{WRONG}。", OTHERS, MORE)
        with pytest.raises(InvalidInput, match="re-scan"):
            self.receipt(case)

    def test_nor_one_that_nobody_has_looked_for_yet(self, data):
        case, posts = self.left(data, RIGHT, OTHERS, MORE)
        (data / "3.jsonl").write_text(lines(records(RIGHT)))
        second = posts.children.get()
        make_snapshot("3.jsonl", posts.dataset, version="3", parent=second, source_field="")
        with pytest.raises(InvalidInput, match="re-scan"):
            self.receipt(case)

    def test_under_a_new_number_the_new_text_is_known_as_well(self, data):
        case, _posts = self.left(data, OTHERS, RIGHT, MORE)
        self.receipt(case)
        assert case.items.get().executed

    def test_a_deletion_is_done_where_only_what_was_corrected_stands(self, data):
        both = {"correct": Outcome.CORRECTED, "delete": Outcome.DELETED}
        case, posts = self.left(data, RIGHT, OTHERS, request=BOTH, outcome=both)
        # The corrected record is not deleted now.
        assert build_manifest(posts.pk) is None
        self.receipt(case)
        self.receipt(case, "delete")
        assert case.items.filter(executed=True).count() == 2

    def test_and_not_where_more_of_the_person_does(self, data):
        both = {"correct": Outcome.CORRECTED, "delete": Outcome.DELETED}
        case, posts = self.left(data, RIGHT, OTHERS, MORE, request=BOTH, outcome=both)
        self.receipt(case)
        with pytest.raises(InvalidInput, match="re-scan"):
            self.receipt(case, "delete")
        manifest = manifest_for(posts)
        ask_to_apply(manifest, STEWARD)
        apply_locally(str(manifest.pk))
        verify_manifest(str(manifest.pk))
        manifest.refresh_from_db()
        assert manifest.state == Manifest.State.VERIFIED, manifest.left
        assert [row["id"] for row in rows_of(manifest.result)] == [1, 2]
        assert case.items.filter(executed=True).count() == 2
