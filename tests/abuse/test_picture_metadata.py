"""A picture tells what it shows, and not where, when and with what it was taken.

Nobody decodes it for that: the parts that make the picture are kept as they are. So a picture that
claims a million million points costs no more than another, and is refused.
"""

import io
import tracemalloc

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageSequence

from tests.factories import file, make_case
from tests.pictures import FORMATS, GPS, NOTES, ORIENTATION, XMP, huge_png, noted, plain, points
from workflows.cases import correspondence, drafts
from workflows.cases.attachments import Upload, check_uploads, media_type, read_attachment
from workflows.cases.errors import InvalidFiling
from workflows.cases.pictures import BrokenPicture, TooManyPoints, without_metadata

TYPES = sorted(FORMATS)
OPTIONS = [
    ("image/jpeg", {}),
    ("image/jpeg", {"progressive": True, "quality": 30}),
    ("image/jpeg", {"quality": 97, "subsampling": 0, "dpi": (300, 300)}),
    ("image/png", {}),
    ("image/png", {"dpi": (300, 300)}),
    ("image/gif", {}),
    ("image/webp", {}),
    ("image/webp", {"lossless": True}),
    ("image/webp", {"save_all": True, "append_images": [points().rotate(90)], "duration": 50}),
]


@pytest.fixture(autouse=True, scope="module")
def in_english():
    with translation.override("en"):
        yield


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def frames(content: bytes) -> list[tuple[bytes, object]]:
    """Every point of every frame, and how long each is shown."""
    picture = Image.open(io.BytesIO(content))
    return [
        (frame.convert("RGBA").tobytes(), frame.info.get("duration"))
        for frame in ImageSequence.Iterator(picture)
    ]


@pytest.mark.parametrize(("kind", "options"), OPTIONS)
def test_no_note_is_left_and_no_point_is_changed(kind, options):
    content = noted(kind, **options)
    assert all(note.encode() in content for note in NOTES)
    kept = without_metadata(content, kind)

    for note in (*NOTES, "xmpmeta", "Photoshop", "ftyp"):
        assert note.encode() not in kept
    picture = opened(kept)
    assert not picture.getexif().get_ifd(GPS)
    assert not set(picture.info) & {"exif", "xmp", "comment", "Comment", "Author", "photoshop"}
    assert frames(kept) == frames(content)
    assert media_type(kept) == kind


@pytest.mark.parametrize(("kind", "options"), OPTIONS)
def test_doing_it_again_changes_nothing(kind, options):
    once = without_metadata(noted(kind, orientation=6, **options), kind)
    assert without_metadata(once, kind) == once


@pytest.mark.parametrize("kind", TYPES)
def test_a_picture_without_notes_stays_as_it_is(kind):
    assert without_metadata(plain(kind), kind) == plain(kind)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "image/webp"])
def test_a_picture_taken_on_its_side_is_still_shown_upright(kind, orientation):
    kept = opened(without_metadata(noted(kind, orientation=orientation), kind))
    assert kept.getexif().get(ORIENTATION, 1) == orientation
    assert set(kept.getexif()) <= {ORIENTATION}


def test_a_profile_of_colours_stays():
    from PIL.ImageCms import ImageCmsProfile, createProfile

    profile = ImageCmsProfile(createProfile("sRGB")).tobytes()
    for kind in ("image/jpeg", "image/png", "image/webp"):
        kept = opened(without_metadata(noted(kind, icc_profile=profile), kind))
        assert kept.info["icc_profile"] == profile


def test_a_picture_in_four_inks_keeps_its_colours():
    out = io.BytesIO()
    points(mode="CMYK").save(out, "JPEG", comment=NOTES[0])
    kept = opened(without_metadata(out.getvalue(), "image/jpeg"))
    assert not ImageChops.difference(kept, opened(out.getvalue())).getbbox()


def test_a_preview_within_the_header_is_left_out():
    head, preview = b"\xff\xd8\xff\xe0", bytes(range(27))
    content = plain("image/jpeg")
    assert content[:4] == head
    jfif = b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x03\x03" + preview
    with_preview = head + (len(jfif) + 2).to_bytes(2) + jfif + content[20:]
    kept = without_metadata(with_preview, "image/jpeg")
    assert preview not in kept
    assert frames(kept) == frames(content)


def test_notes_that_cannot_be_read_are_left_out_all_the_same():
    broken = plain("image/jpeg", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff" + NOTES[0].encode())
    kept = without_metadata(broken, "image/jpeg")
    assert kept == plain("image/jpeg")


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("part", [0.3, 0.7, 0.98])
def test_a_picture_that_breaks_off_is_refused_in_a_sentence(kind, part):
    content = plain(kind)
    cut = content[: int(len(content) * part)]
    with pytest.raises(BrokenPicture):
        without_metadata(cut, kind)
    (sentence,) = check_uploads((Upload("holiday", cut),))["attachments"]
    assert "damaged or incomplete" in sentence


@pytest.mark.parametrize(
    "content",
    [b"RIFF\x00\x00\x00\x00WEBP", b"RIFF\x0c\x00\x00\x00WEBPVP8X\x00\x00\x00\x00", b"RIFF"],
)
def test_a_shell_without_a_picture_is_refused(content):
    with pytest.raises(BrokenPicture):
        without_metadata(content, "image/webp")


def test_a_part_that_was_changed_on_its_way_is_found():
    content = bytearray(plain("image/png"))
    content[len(content) // 2] ^= 1
    with pytest.raises(BrokenPicture):
        without_metadata(bytes(content), "image/png")


@pytest.mark.parametrize(
    "size", [(10_000, 10_000), (2**31 - 1, 2**31 - 1), (30_000, 30_000), (89_478_486, 1)]
)
def test_a_flood_of_points_is_refused_and_costs_nothing(size):
    content = huge_png(*size)
    tracemalloc.start()
    with pytest.raises(TooManyPoints):
        without_metadata(content, "image/png")
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000
    (sentence,) = check_uploads((Upload("flood.png", content),))["attachments"]
    assert "too many pixels" in sentence


def test_the_largest_picture_that_is_taken():
    assert without_metadata(huge_png(9_000, 9_000), "image/png")


@pytest.mark.parametrize("kind", TYPES)
@given(data=st.data())
def test_whatever_was_changed_is_taken_or_refused_in_a_sentence(kind, data):
    content = bytearray(noted(kind, orientation=3))
    for _change in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    for changed in (bytes(content), bytes(content[:cut])):
        try:
            kept = without_metadata(changed, kind)
        except (BrokenPicture, TooManyPoints):
            continue
        assert len(kept) <= len(changed)


@pytest.mark.django_db
class TestWhatIsKept:
    def test_of_a_request(self):
        case = file(uploads=(Upload("me.jpg", noted("image/jpeg")),)).case
        kept = case.attachments.get()
        content = b"".join(read_attachment(kept))
        assert content == without_metadata(noted("image/jpeg"), "image/jpeg")
        assert kept.size == len(content)

    def test_of_a_message(self):
        case = make_case()
        correspondence.write_to_provider(case, "Here.", (Upload("me.png", noted("image/png")),))
        content = b"".join(read_attachment(case.attachments.get()))
        assert XMP not in content
        assert NOTES[1].encode() not in content

    def test_of_a_draft_that_was_not_sent(self):
        draft, _token = drafts.create_draft()
        kept = drafts.add_draft_file(draft, Upload("me.webp", noted("image/webp")))
        (upload,) = drafts.draft_uploads(draft)
        assert upload.content == without_metadata(noted("image/webp"), "image/webp")
        assert kept.details["size"] == len(upload.content)

    def test_of_a_picture_that_is_refused_nothing(self):
        draft, _token = drafts.create_draft()
        with pytest.raises(InvalidFiling):
            drafts.add_draft_file(draft, Upload("x.gif", plain("image/gif")[:-20]))
        assert not draft.files.exists()

    def test_of_other_files_everything(self):
        text = b"Taken with my Alma Camera 3000"
        case = file(uploads=(Upload("a.txt", text),)).case
        assert b"".join(read_attachment(case.attachments.get())) == text
