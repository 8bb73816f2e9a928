"""No visitor fills the room for files of unsent requests for all others.

With a new draft each time, one could fill it, and it stayed full for thirty days.
"""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from freezegun import freeze_time

from tests.abuse.test_filing_flood import challenge_on, solved
from tests.factories import WANG
from tests.requests_portal.public.conftest import new_visitor, visitor  # noqa: F401
from tests.requests_portal.public.person import Visitor, errors_of, text_of
from workflows.cases import admission, drafts
from workflows.cases.admission import SHORTEST_WAIT, AdmissionNeeded, kept_bytes
from workflows.cases.attachments import Upload
from workflows.cases.drafts import (
    FILES_KEPT_FOR,
    IN_USE_FOR,
    NEW_FOR,
    add_draft_file,
    create_draft,
    file_draft,
    find_draft,
    full_draft,
    purge_draft_files,
    remove_draft_files,
    save_answers,
)
from workflows.cases.errors import InvalidFiling
from workflows.cases.models import Draft, DraftFile, Purpose
from workflows.vault import files

pytestmark = pytest.mark.django_db

ROOM = 10_000


@pytest.fixture(autouse=True)
def small_room(settings) -> None:
    """There is room for ten thousand bytes, and a file may have two thousand."""
    settings.DRAFT_FILES_MAX_BYTES = ROOM
    settings.ATTACHMENT_MAX_BYTES = 2_000
    settings.INTAKE_PROOF_TRIES = 4


def text(size: int) -> Upload:
    return Upload("notes.txt", b"x" * size)


def admitted() -> Draft:
    """Return a draft that may add files, whatever the load."""
    draft, _token = create_draft()
    admission._admit(draft, Purpose.FILES, timezone.now())
    return draft


def fill(size: int, **when: timedelta) -> list[Draft]:
    """Fill the room with drafts of one file each, beside the rules."""
    made = []
    for _ in range((ROOM - kept_bytes()) // size):
        draft, _token = create_draft()
        DraftFile.objects.create(
            draft=draft,
            file=files.store(draft.data_key, b"x" * size),
            details={"name": "notes.txt", "size": size},
            added_at=timezone.now() - when["ago"],
        )
        written = timezone.now() - when.get("written", when["ago"])
        Draft.objects.filter(pk=draft.pk).update(changed_at=written)
        made.append(draft)
    return made


def have_files(drafts: list[Draft]) -> list[bool]:
    return [draft.files.exists() for draft in drafts]


LONG_AGO = timedelta(days=3)
AN_HOUR = IN_USE_FOR + timedelta(minutes=1)


def test_a_newcomer_finds_room_in_what_nobody_uses():
    old = fill(2_000, ago=AN_HOUR)

    add_draft_file(admitted(), text(300))

    assert have_files(old) == [False, True, True, True, True]
    assert kept_bytes() == ROOM - 2_000 + 300
    assert Draft.objects.get(pk=old[0].pk).files_let_go_at is not None


def test_the_oldest_gives_way_and_what_was_typed_stays():
    made = fill(2_000, ago=AN_HOUR)
    oldest = made[3]
    save_answers(oldest, {"service": [{"service": "typed"}]})
    oldest.files.update(added_at=timezone.now() - 2 * AN_HOUR)

    add_draft_file(admitted(), text(10))

    assert have_files(made) == [True, True, True, False, True]
    assert Draft.objects.select_related("data_key").get(pk=oldest.pk).answers["service"]


def test_where_there_is_room_nobody_elses_drafts_are_read(monkeypatch) -> None:
    monkeypatch.setattr(drafts, "_all_held", lambda: pytest.fail("They were read."))
    draft, _token = create_draft()
    assert add_draft_file(draft, text(100)).pk


def test_what_just_came_is_not_touched():
    others = fill(2_000, ago=NEW_FOR / 2)

    with pytest.raises(InvalidFiling) as refused:
        add_draft_file(admitted(), text(10))

    assert "send the request without it" in refused.value.errors["attachments"][0]
    assert all(have_files(others))


def test_what_somebody_is_writing_at_is_not_touched_for_somebody_who_wants_as_much():
    others = fill(80, ago=IN_USE_FOR / 2, written=timedelta(minutes=1))

    with pytest.raises(InvalidFiling):
        add_draft_file(admitted(), text(80))

    assert all(have_files(others))


def test_who_holds_much_gives_way_to_who_wants_little():
    others = fill(2_000, ago=IN_USE_FOR / 2, written=timedelta(minutes=1))

    add_draft_file(admitted(), text(80))

    assert have_files(others).count(False) == 1


def test_writing_on_keeps_files_for_an_hour_and_not_for_ever():
    """Who only touches a draft again and again pays nothing for its room."""
    others = fill(80, ago=AN_HOUR, written=timedelta(0))

    add_draft_file(admitted(), text(80))

    assert have_files(others).count(False) == 1


def test_one_visitor_with_ever_new_drafts_pays_for_the_second_half():
    def fill_the_room() -> None:
        while True:
            add_draft_file(create_draft()[0], text(500))

    with pytest.raises(AdmissionNeeded):
        fill_the_room()

    assert kept_bytes() == ROOM / 2 + 500


@pytest.mark.parametrize(("used", "share"), [(2, 2_000), (3, 2_000), (4, 400), (5, 80)])
def test_the_more_is_in_use_the_less_may_one_have(used, share):
    for draft in fill(2_000, ago=timedelta(minutes=1))[used:]:
        remove_draft_files(draft)
    draft = admitted()

    with pytest.raises(InvalidFiling):
        add_draft_file(draft, text(share + 1))
    if used < 5:
        add_draft_file(draft, text(share))


def test_a_draft_has_a_quota_an_hour(settings):
    settings.DRAFT_FILES_MAX_BYTES = 10**9
    draft, _token = create_draft()
    for _ in range(2 * full_draft() // 2_000):
        add_draft_file(draft, text(2_000))
        remove_draft_files(draft)

    with pytest.raises(InvalidFiling) as refused:
        add_draft_file(draft, text(2_000))

    assert "within an hour" in refused.value.errors["attachments"][0]
    with freeze_time(timezone.now() + timedelta(hours=1)):
        add_draft_file(draft, text(2_000))


def test_files_of_a_request_that_was_sent_take_no_room():
    draft, token = create_draft()
    add_draft_file(draft, text(2_000))

    case = file_draft(draft, token, WANG).case

    assert kept_bytes() == 0
    assert case.attachments.count() == 1
    assert file_draft(find_draft(token), token, WANG).case == case


def test_above_half_idle_files_live_for_hours_and_below_for_as_long_as_the_draft():
    fill(2_000, ago=FILES_KEPT_FOR + timedelta(minutes=1), written=timedelta(0))

    assert purge_draft_files() == 3
    assert kept_bytes() == 4_000
    assert purge_draft_files() == 0


def test_the_purge_leaves_what_is_younger():
    fill(2_000, ago=FILES_KEPT_FOR - timedelta(minutes=1))

    assert purge_draft_files() == 0


class TestThePage:
    FILES = "request/files/"
    WAIT = "request/wait/files/"

    @pytest.fixture
    def full(self) -> None:
        fill(1_000, ago=timedelta(hours=2))

    def at_files(self, visitor: Visitor) -> None:  # noqa: F811
        visitor.walk(until="files")

    def add(self, visitor: Visitor):  # noqa: F811
        sent = SimpleUploadedFile("notes.txt", b"x" * 50, "text/plain")
        return visitor.answer("files", go="add_file", attachments=sent)

    @pytest.mark.usefixtures("full")
    def test_it_says_that_one_more_step_is_needed(self, visitor: Visitor):  # noqa: F811
        self.at_files(visitor)
        page = text_of(visitor.get(self.FILES))

        assert "Get ready to add files" in page
        assert 'type="file"' not in page
        assert visitor.answer("files").url == "/en/request/contact/", "without files it goes on"

    @pytest.mark.usefixtures("full")
    def test_who_calculates_adds_files(self, visitor: Visitor):  # noqa: F811
        self.at_files(visitor)
        page = visitor.get(self.WAIT)
        assert visitor.post(self.WAIT, proof=solved(challenge_on(page))).url == "/en/request/files/"

        assert 'type="file"' in text_of(visitor.get(self.FILES))
        self.add(visitor)
        assert "notes.txt" in text_of(visitor.get(self.FILES))

    @pytest.mark.usefixtures("full")
    def test_who_waits_adds_files(self, visitor: Visitor):  # noqa: F811
        self.at_files(visitor)
        visitor.post(self.WAIT, go="line")

        with freeze_time(timezone.now() + SHORTEST_WAIT + timedelta(seconds=1)):
            assert visitor.post(self.WAIT, go="continue").url == "/en/request/files/"
            self.add(visitor)
            assert "notes.txt" in text_of(visitor.get(self.FILES))

    @pytest.mark.usefixtures("full")
    def test_a_file_that_comes_without_is_refused_in_words(self, visitor: Visitor):  # noqa: F811
        self.at_files(visitor)

        page = visitor.follow(self.add(visitor))

        assert "then choose the file again" in errors_of(page)[0][1]
        assert "Get ready to add files" in text_of(page)

    def test_who_lost_files_is_told_until_new_ones_come(self, visitor: Visitor):  # noqa: F811
        self.at_files(visitor)
        self.add(visitor)
        draft = Draft.objects.get()
        draft.files.update(added_at=timezone.now() - LONG_AGO)
        fill(995, ago=timedelta(minutes=1))
        add_draft_file(admitted(), text(10))

        page = text_of(visitor.get(self.FILES))

        assert "were deleted: the room for files ran short" in page
        assert "notes.txt" not in page
