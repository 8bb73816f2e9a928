"""The right record is changed: a namesake's stays, whatever ids the records have, or none."""

import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.factories import APPROVER, REVIEWER, STEWARD, WANG, in_review_with_proof
from tests.judging import judge_each
from tests.workflows.corrections.changing import look_up, propose_and_approve
from tests.workflows.corrections.tables import address, content, drop_table, make_table, run_script
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases.filing_request import FiledItem
from workflows.corpus.formats.files import create_compressed, open_compressed
from workflows.corrections.downloads import SQL, content_of
from workflows.corrections.instructions import record_receipt
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_builder import build_manifest
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.models import Instruction, Manifest
from workflows.corrections.receipts import ask_to_apply, take_receipt
from workflows.datasets.locations import path_of
from workflows.datasets.models import Snapshot
from workflows.lookups.models import Match
from workflows.lookups.services import judge
from workflows.notices import moves
from workflows.vocabulary.outcomes import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]

DELETE = replace(WANG, items=(FiledItem("delete", {"statement": "请删除。"}),))
THEIRS, NAMESAKE = "王小明住在上海，电话 13800001234", "王小明住在北京，养了两只猫"
OTHER = "nothing here"
FILES = ["posts.jsonl", "posts.jsonl.gz", "posts.jsonl.zst", "posts.parquet"]


def written(data, name, records):
    """Write records to a file in the format of its name, and return the rest of its snapshot."""
    path = data / name
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(records), path, row_group_size=2)
        return {"format": "parquet", "source_field": ""}

    with create_compressed(path) as out:
        out.write(lines(records).encode())
    return {"source_field": ""}


def texts_of(snapshot):
    path = path_of(snapshot)
    if path.name.endswith(".parquet"):
        return [row["text"] for row in pq.read_table(path).to_pylist()]

    with open_compressed(path) as rows:
        return [json.loads(row)["text"] for row in rows]


def approved(is_theirs, outcome=Outcome.DELETED, request=DELETE):
    """Take a case to where the places which `is_theirs` names are to be changed."""
    case = in_review_with_proof(request)
    look_up()
    for match in case.matches.all():
        verdict = Match.Verdict.THEIRS if is_theirs(match) else Match.Verdict.NOT_THEIRS
        judge(case, REVIEWER, [match.pk], verdict)
    return propose_and_approve(case, outcome)


def in_their_text(match):
    return "上海" in match.excerpt["before"] + match.excerpt["after"]


def applied(snapshot):
    manifest = build_manifest(snapshot.pk)
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    return manifest


@pytest.mark.parametrize(
    ("file", "id_", "outcome"),
    [
        *((file, None, Outcome.DELETED) for file in FILES),
        ("posts.jsonl", "same", Outcome.DELETED),
        ("posts.parquet", 7, Outcome.ANONYMISED),
        ("posts.jsonl.gz", 7, Outcome.ANONYMISED),
    ],
)
def test_of_records_that_share_an_id_or_have_none_the_namesake_s_stays(data, file, id_, outcome):
    texts = [OTHER, NAMESAKE, OTHER, THEIRS, NAMESAKE + "。"]
    records = [{"id": id_, "text": text} for text in texts]
    if id_ is None:  # nor a field for one
        records = [{"text": text} for text in texts]
    fields = written(data, file, records)
    posts = make_snapshot(file, **fields, **({"id_field": ""} if id_ is None else {}))
    case = approved(in_their_text, outcome)

    manifest = applied(posts)

    assert manifest.state == Manifest.State.VERIFIED, manifest.left
    changed = [] if outcome == Outcome.DELETED else ["[REDACTED]住在上海，电话 [REDACTED]"]
    assert texts_of(manifest.result) == [*texts[:3], *changed, texts[4]]
    assert case.items.get().executed


@pytest.mark.parametrize("id_", ["same", None])
def test_a_wrong_text_is_corrected_in_the_person_s_record_alone(data, id_):
    texts = [THEIRS, THEIRS.replace("13800001234", "另询")]
    (data / "posts.jsonl").write_text(lines([{"id": id_, "text": text} for text in texts]))
    posts = make_snapshot("posts.jsonl", source_field="", id_field="" if id_ is None else "id")
    approved(
        lambda match: "1380" in match.excerpt["hit"] + match.excerpt["after"],
        Outcome.CORRECTED,
        WANG,
    )

    manifest = applied(posts)

    assert manifest.state == Manifest.State.VERIFIED, manifest.left
    assert texts_of(manifest.result) == [texts[0].replace("上海", "杭州"), texts[1]]


@pytest.mark.parametrize("file", ["posts.jsonl", "posts.parquet"])
def test_of_two_records_that_are_the_same_the_one_that_was_judged_goes(data, file):
    """Two people may have a record of nothing but the name."""
    records = [{"text": "王小明", "about": about} for about in ("one", "two", "three")]
    posts = make_snapshot(file, id_field="", **written(data, file, records))
    case = in_review_with_proof(DELETE)
    look_up()
    assert case.matches.count() == 3
    second = case.matches.order_by("position")[1]
    judge(case, REVIEWER, [second.pk], Match.Verdict.THEIRS)
    rest = case.matches.exclude(pk=second.pk)
    judge_each(case, [match.pk for match in rest], Match.Verdict.NOT_THEIRS)
    propose_and_approve(case, Outcome.DELETED)

    manifest = applied(posts)

    assert manifest.state == Manifest.State.VERIFIED, manifest.left
    assert len(texts_of(manifest.result)) == 2
    if file == "posts.parquet":
        kept = pq.read_table(path_of(manifest.result)).to_pylist()
        assert [row["about"] for row in kept] == ["one", "three"]


def test_in_plain_text_the_namesake_s_paragraph_stays(data):
    (data / "notes").mkdir()
    for name, paragraphs in [("a", [NAMESAKE, THEIRS, NAMESAKE]), ("b", [NAMESAKE])]:
        (data / "notes" / f"{name}.txt").write_text("\n\n".join(paragraphs))
    notes = make_snapshot("notes", format="text", source_field="")
    # Around a hit in a text so short stands all of it: the place tells.
    approved(lambda match: match.file == "a.txt" and 15 < match.start < 15 + len(THEIRS))

    manifest = applied(notes)

    assert manifest.state == Manifest.State.VERIFIED, manifest.left
    new = path_of(manifest.result)
    assert (new / "a.txt").read_text() == f"{NAMESAKE}\n\n[REDACTED]\n\n{NAMESAKE}"
    assert (new / "b.txt").read_text() == NAMESAKE


def test_in_plain_text_a_wrong_text_is_corrected_in_the_person_s_paragraphs_alone(data):
    namesake = "另一个王小明住在上海，养了两只猫"
    paragraphs = [namesake, f"{THEIRS}；王小明不住在上海", namesake]
    (data / "notes.txt").write_text("\n\n".join(paragraphs))
    notes = make_snapshot("notes.txt", format="text", source_field="")
    ends = len(namesake) + 2, len(namesake) + 2 + len(paragraphs[1])
    approved(lambda match: ends[0] <= match.start < ends[1], Outcome.CORRECTED, WANG)

    manifest = applied(notes)

    assert manifest.state == Manifest.State.VERIFIED, manifest.left
    corrected = paragraphs[1].replace("住在上海", "住在杭州")
    assert path_of(manifest.result).read_text() == f"{namesake}\n\n{corrected}\n\n{namesake}"


class TestMatchesFromBefore:
    """Those that were kept when nothing told their records apart but the id."""

    @pytest.fixture
    def forget_records(self):
        def forgotten(case):
            for match in case.matches.select_related("case__data_key"):
                match.position = match.text_sha256 = None
                match.save()

        return forgotten

    def test_one_may_change_the_only_record_with_its_id(self, data, forget_records):
        (data / "a.jsonl").write_text(
            lines([{"id": 1, "text": THEIRS}, {"id": 2, "text": NAMESAKE}])
        )
        posts = make_snapshot("a.jsonl", source_field="")
        forget_records(approved(in_their_text))

        manifest = applied(posts)
        assert texts_of(manifest.result) == [NAMESAKE]

    @pytest.mark.parametrize("id_", [1, None])
    def test_none_changes_one_of_several(self, data, forget_records, id_):
        for name, text in [("a", THEIRS), ("b", NAMESAKE)]:
            (data / "posts").mkdir(exist_ok=True)
            (data / "posts" / f"{name}.jsonl").write_text(lines([{"id": id_, "text": text}]))
        posts = make_snapshot("posts", source_field="", id_field="" if id_ is None else "id")
        case = approved(in_their_text)
        forget_records(case)

        assert build_manifest(posts.pk) is None
        record_receipt(Instruction.objects.get(), STEWARD, "Taken out by hand.")
        assert case.items.get().executed


class TestWhatCannotBeToldApart:
    @pytest.fixture
    def posts(self, settings):
        settings.DATASET_DATABASES = {"archive": address()}
        drop_table("namesakes")
        make_table(
            "namesakes",
            [
                (1, THEIRS, "王小明"),
                (1, NAMESAKE, "王小明"),
                (2, OTHER, None),
            ],
        )
        yield make_snapshot(
            "archive/public.namesakes",
            format="postgresql",
            id_field="key",
            text_fields=["Body", "title"],
            source_field="",
        )
        drop_table("namesakes")

    pytestmark = pytest.mark.django_db(transaction=True)

    def by_body(self, match):
        return match.field == "title" or "上海" in match.excerpt["before"] + match.excerpt["after"]

    def test_the_row_with_the_judged_text_goes_and_the_namesake_s_stays(self, posts):
        approved(self.by_body)
        manifest = build_manifest(posts.pk)
        run_script(content_of(manifest, SQL).decode())
        assert content("namesakes") == [(1, NAMESAKE, "王小明"), (2, OTHER, None)]

    def test_a_place_in_one_of_several_rows_is_left_as_it_is_and_named(self, posts):
        """The title is the same in both rows: the verdict on it says nothing of either."""
        case = approved(self.by_body, Outcome.ANONYMISED)
        manifest = build_manifest(posts.pk)

        assert manifest.left_out == [
            {"file": "public.namesakes", "id": 1, "field": "title", "start": 0, "end": 3}
        ]
        run_script(content_of(manifest, SQL).decode())
        assert set(content("namesakes")) == {
            (1, "[REDACTED]住在上海，电话 [REDACTED]", "王小明"),
            (1, NAMESAKE, "王小明"),
            (2, OTHER, None),
        }
        new = Snapshot(version="2", format="postgresql", location="archive/public.namesakes")
        take_receipt(manifest, STEWARD, key="2", status="applied", snapshot=new)
        verify_manifest(str(manifest.pk))

        manifest.refresh_from_db()
        assert manifest.state == Manifest.State.LEFT
        assert {(place["field"], place["why"]) for place in manifest.left} == {("title", "found")}
        assert not case.items.get().executed


@pytest.mark.django_db(transaction=True)
def test_an_instruction_of_which_something_was_left_out_waits_for_a_receipt_by_hand(data):
    """The re-scan says nothing of a name alone in a record that the manifest does not name."""
    texts = [THEIRS, "王小明的相册"]
    records = [{"id": number, "text": text} for number, text in enumerate(texts)]
    (data / "posts.jsonl").write_text(lines([*records, {"id": 1, "text": OTHER}]))
    posts = make_snapshot("posts.jsonl", source_field="")
    case = approved(lambda _match: True)
    album = case.matches.select_related("case__data_key").get(start=0, strength="weak")
    album.position = album.text_sha256 = None  # kept before there were any
    album.save()

    manifest = applied(posts)

    assert manifest.state == Manifest.State.VERIFIED, manifest.left
    assert [place["id"] for place in manifest.left_out] == [1]
    assert texts_of(manifest.result) == [texts[1], OTHER]
    assert not case.items.get().executed
    record_receipt(Instruction.objects.get(), STEWARD, "The album was taken out by hand.")
    assert case.items.get().executed
    moves.answer(case, APPROVER)
