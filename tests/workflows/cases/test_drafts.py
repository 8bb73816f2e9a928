"""Drafts: what was typed survives, is filed once, and is forgotten."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.clear_text import tables_with
from tests.factories import WANG
from tests.workflows.cases.test_attachments import PNG
from workflows.cases.attachments import Upload, read_attachment
from workflows.cases.drafts import (
    DRAFT_KEPT_FOR,
    FILED_DRAFT_KEPT_FOR,
    add_draft_file,
    create_draft,
    discard_draft,
    draft_uploads,
    file_draft,
    find_draft,
    purge_drafts,
    remove_draft_file,
    save_answers,
)
from workflows.cases.errors import AttemptReused, InvalidFiling
from workflows.cases.models import Case, Draft, DraftFile
from workflows.vault.models import DataKey, StoredFile

pytestmark = pytest.mark.django_db

ANSWERS = {"items": ["correct"], "name": "王小明", "page": 3}


def test_a_draft_is_found_again_with_everything_typed():
    draft, token = create_draft()
    save_answers(draft, ANSWERS)
    add_draft_file(draft, Upload("shot.png", PNG))

    again = find_draft(token)
    assert again.answers == ANSWERS
    assert draft_uploads(again) == (Upload("shot.png", PNG),)


def test_only_its_secret_finds_it():
    create_draft()
    _other, token = create_draft()

    assert len(token) >= 43  # 256 bits
    assert find_draft(token).pk == _other.pk
    for wrong in ("", token[:-1], token + "x", token.swapcase()):
        assert find_draft(wrong) is None


def test_neither_secret_nor_answers_lie_in_the_clear():
    draft, token = create_draft()
    save_answers(draft, ANSWERS)

    assert tables_with(token) == []
    assert tables_with("王小明") == []


def test_files_are_checked_when_they_are_added_and_counted_together():
    draft, _token = create_draft()

    with pytest.raises(InvalidFiling):
        add_draft_file(draft, Upload("x.svg", b"<svg></svg>"))
    for number in range(5):
        add_draft_file(draft, Upload(f"{number}.png", PNG))
    with pytest.raises(InvalidFiling):
        add_draft_file(draft, Upload("6.png", PNG))
    assert draft.files.count() == 5


def test_a_file_can_be_taken_out_again_but_only_of_ones_own_draft():
    draft, _token = create_draft()
    other, _other_token = create_draft()
    kept = add_draft_file(draft, Upload("shot.png", PNG))

    remove_draft_file(other, str(kept.pk))
    assert draft.files.count() == 1
    remove_draft_file(draft, str(kept.pk))
    remove_draft_file(draft, str(kept.pk))
    assert not DraftFile.objects.exists()
    assert not StoredFile.objects.exists()


def test_filing_takes_the_files_along_under_the_key_of_the_case():
    draft, token = create_draft()
    add_draft_file(draft, Upload("shot.png", PNG))

    case = file_draft(draft, token, WANG).case

    attachment = case.attachments.get()
    assert b"".join(read_attachment(attachment)) == PNG
    assert attachment.file.data_key_id == case.data_key_id


def test_filing_again_after_a_lost_connection_gives_the_same_receipt():
    draft, token = create_draft()
    first = file_draft(draft, token, WANG)

    again = file_draft(find_draft(token), token, WANG)

    assert (again.case, again.receipt, again.repeated) == (first.case, first.receipt, True)
    assert Case.objects.count() == 1


def test_a_draft_that_was_filed_cannot_be_filed_with_another_content():
    draft, token = create_draft()
    file_draft(draft, token, WANG)

    with pytest.raises(AttemptReused):
        file_draft(draft, token, WANG.__class__(**{**_fields(WANG), "residence": "FR"}))


def _fields(request) -> dict:
    return {name: getattr(request, name) for name in request.__slots__}


def test_a_refused_draft_stays_as_it_was():
    draft, token = create_draft()
    save_answers(draft, ANSWERS)

    with pytest.raises(InvalidFiling):
        file_draft(draft, token, WANG.__class__(**{**_fields(WANG), "items": ()}))

    kept = find_draft(token)
    assert (kept.answers, kept.filed_at) == (ANSWERS, None)


def test_to_discard_a_draft_forgets_key_and_files():
    draft, token = create_draft()
    add_draft_file(draft, Upload("shot.png", PNG))

    discard_draft(draft)

    assert find_draft(token) is None
    assert not StoredFile.objects.exists()
    assert not DataKey.objects.exists()


@pytest.mark.parametrize(
    ("age", "filed", "purged"),
    [
        (DRAFT_KEPT_FOR - timedelta(hours=1), False, 0),
        (DRAFT_KEPT_FOR + timedelta(hours=1), False, 1),
        (FILED_DRAFT_KEPT_FOR - timedelta(minutes=1), True, 0),
        (FILED_DRAFT_KEPT_FOR + timedelta(minutes=1), True, 1),
    ],
)
def test_what_is_too_old_is_forgotten(age, filed, purged):
    draft, token = create_draft()
    if filed:
        file_draft(draft, token, WANG)

    assert purge_drafts(timezone.now() + age) == purged
    assert Draft.objects.count() == 1 - purged
    assert Case.objects.count() == int(filed)


def test_a_change_makes_it_young_again():
    draft, _token = create_draft()
    Draft.objects.update(changed_at=timezone.now() - DRAFT_KEPT_FOR * 2)
    save_answers(draft, ANSWERS)

    assert purge_drafts() == 0
