"""A large file is given in the parts that are asked for, as RFC 9110 says."""

import pytest

from requests_portal.downloads import ranged_file


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
