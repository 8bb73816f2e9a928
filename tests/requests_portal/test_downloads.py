"""A large file is given in the parts that are asked for, as RFC 9110 says; others unsealed."""

import pytest

from requests_portal.presentation.responses import Pieces, ranged_file, unsealed_file


def served(path, headers):
    return ranged_file(headers, path, name="f", etag="e", content_type="application/zip")


def downloaded(response):
    return b"".join(response.streaming_content)


@pytest.mark.parametrize(
    ("wanted", "status", "body"),
    [
        ("bytes=0-0", 206, b"0"),
        ("bytes=5-", 206, b"56789"),
        ("bytes=-3", 206, b"789"),
        ("bytes=-99", 206, b"0123456789"),
        ("bytes=2-99", 206, b"23456789"),
        ("bytes=10-", 416, b""),
        ("bytes=-0", 416, b""),
        ("bytes=4-2", 200, b"0123456789"),
        ("bytes=0-1,3-4", 200, b"0123456789"),
        ("bytes=-", 200, b"0123456789"),
        ("lines=0-1", 200, b"0123456789"),
        ("bytes=a-b", 200, b"0123456789"),
    ],
)
def test_parts_are_given_as_the_standard_says(wanted, status, body, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    response = served(path, {"Range": wanted})
    assert response.status_code == status
    content = response.content if status == 416 else downloaded(response)
    assert content == body
    if status == 416:
        assert response["Content-Range"] == "bytes */10"


def test_a_part_of_another_file_is_not_given(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    response = served(path, {"Range": "bytes=5-", "If-Range": '"old"'})
    assert (response.status_code, downloaded(response)) == (200, b"0123456789")


def test_pieces_are_a_file_and_made_when_they_are_read():
    made = []

    def pieces():
        try:
            for piece in (b"abc", b"", b"d"):
                made.append(piece)
                yield piece
        finally:
            made.append("closed")

    file = Pieces(pieces())
    assert (file.read(2), made) == (b"ab", [b"abc"])
    assert [file.read(2), file.read(2), file.read(2)] == [b"c", b"d", b""]
    assert made == [b"abc", b"", b"d", "closed"]


def test_pieces_that_nobody_reads_to_the_end_are_closed():
    closed = []

    def pieces():
        try:
            yield b"ab"
            yield b"c"
        finally:
            closed.append(True)

    file = Pieces(pieces())
    assert file.read(1) == b"a"
    file.close()
    file.close()
    assert (file.read(1), closed) == (b"", [True])
    Pieces([b"x"]).close()


def test_an_unsealed_file_is_one_to_be_saved_and_says_how_long_it_is():
    response = unsealed_file(iter([b"ab", b"", b"c"]), name="f.txt", size=3, content_type="text/x")
    assert response.headers == {
        "Content-Type": "text/x",
        "Content-Length": "3",
        "Content-Disposition": 'attachment; filename="f.txt"',
        "X-Content-Type-Options": "nosniff",
    }
    assert downloaded(response) == b"abc"
