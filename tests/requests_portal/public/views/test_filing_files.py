"""Files that a person adds to a request before it is sent."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.requests_portal.public.person import (
    Visitor,
    errors_of,
    text_of,
)
from tests.requests_portal.public.pictures import PNG, picture
from workflows.cases.models import DraftFile

pytestmark = pytest.mark.django_db


class TestFiles:
    def test_are_added_shown_and_removed(self, visitor: Visitor):
        visitor.walk(until="files")
        visitor.answer("files", go="add_file", attachments=[picture(), picture("second.png")])
        assert "second.png" in text_of(visitor.get("request/files/"))

        kept = next(
            file for file in DraftFile.objects.all() if file.details["name"] == "second.png"
        )
        visitor.answer("files", go=f"remove_file:{kept.pk}")
        assert "second.png" not in text_of(visitor.get("request/files/"))
        assert DraftFile.objects.count() == 1

    def test_are_also_taken_by_going_on(self, visitor: Visitor):
        visitor.walk(until="files")

        assert visitor.answer("files", attachments=picture()).url == "/en/request/contact/"
        assert DraftFile.objects.count() == 1

    def test_of_an_unknown_type_are_refused(self, visitor: Visitor):
        visitor.walk(until="files")
        page = SimpleUploadedFile("page.png", b"\x7fELF\x02\x01\x01" + bytes(60), "image/png")
        response = visitor.follow(visitor.answer("files", attachments=page))

        assert errors_of(response)[0][0] == "id_attachments"
        assert not DraftFile.objects.exists()

    def test_no_more_than_five(self, visitor: Visitor):
        visitor.walk(until="files")
        visitor.answer("files", attachments=[picture(f"{n}.png") for n in range(5)])
        response = visitor.follow(visitor.answer("files", attachments=picture("6.png")))

        assert errors_of(response) == [("id_attachments", "Add at most 5 files.")]

    def test_larger_than_is_held_in_memory_are_refused_with_a_sentence(self, visitor, settings):
        settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 2048
        visitor.walk(until="files")
        large = BytesIO(PNG + bytes(4096))
        large.name = "large.png"
        response = visitor.follow(visitor.answer("files", attachments=large))

        [(anchor, sentence)] = errors_of(response)
        assert anchor == "id_attachments"
        assert sentence.startswith("The files are too large to be sent together.")

    def test_of_another_draft_cannot_be_removed(self, visitor: Visitor, new_visitor: Callable):
        visitor.walk(until="files")
        visitor.answer("files", attachments=picture())
        stranger = new_visitor()
        stranger.walk(until="files")
        stranger.answer("files", go=f"remove_file:{DraftFile.objects.get().pk}")

        assert DraftFile.objects.count() == 1

    def test_do_not_change_the_cost_of_the_page(self, visitor, django_assert_max_num_queries):
        visitor.walk(until="files")
        visitor.answer("files", attachments=[picture(f"{n}.png") for n in range(5)])

        with django_assert_max_num_queries(3):
            visitor.get("request/files/")

    @pytest.mark.parametrize("file_id", ["", "x", "0", "1; DROP TABLE"])
    def test_a_made_up_file_is_not_there_to_be_removed(self, visitor: Visitor, file_id: str):
        visitor.walk(until="files")

        assert visitor.answer("files", go=f"remove_file:{file_id}").status_code == 302
