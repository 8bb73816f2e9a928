"""The text that the benchmark of the look-up takes from Debian packages."""

import gzip
import shutil
import subprocess

import pytest

from tests.corpus import real_text


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A folder with one package, where no other can be fetched."""
    monkeypatch.setattr(real_text, "PACKAGES", ("perl-doc", "fortunes"))
    monkeypatch.setattr(real_text, "_fetch", lambda name, cache: any(cache.glob(f"{name}_*.deb")))
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    return folder


def make_package(cache, tmp_path, files):
    """Write a Debian package with these files into the cache."""
    root = tmp_path / "perl-doc"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN/control").write_text(
        "Package: perl-doc\nVersion: 1\nArchitecture: all\nMaintainer: a\nDescription: a\n"
    )
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    subprocess.run(
        ["dpkg-deb", "-b", str(root), str(cache / "perl-doc_1_all.deb")],
        check=True,
        capture_output=True,
    )


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="no Debian system")
def test_paragraphs_are_sorted_by_language_and_short_ones_left_out(cache, tmp_path):
    english = "A paragraph of a manual that is long enough to be taken."
    chinese = "这是一个足够长的段落，用来说明中文文本被放进它自己的列表里，因为汉字多于五分之一，短的则不要。"
    manual = f".TH PERL 1\n\\fB{english}\\fR\n.PP\nshort\n"
    page = f"<html><head>no</head><body><p>{english} &amp; a <b>mark</b></p></body></html>"
    files = {
        "usr/share/man/man1/perl.1.gz": gzip.compress(manual.encode()),
        "usr/share/perl/perl.pod": f"{chinese}\n\nshort\n".encode(),
        "usr/share/doc/perl/a.html": page.encode(),
        "usr/share/doc/perl/html/fr-FR/b.html": page.encode(),
        "usr/share/doc/perl/picture.png": b"\x89PNG" * 100,
    }
    make_package(cache, tmp_path, files)
    text = real_text.read(cache)
    assert text.chinese == [f"{chinese}\n"]
    assert text.english == [f"{english} &amp; a <b>mark</b>\n", f"{english}\n"]
    assert text.missing == ("fortunes",)


def test_without_any_package_there_is_no_text(cache):
    with pytest.raises(real_text.TextUnavailable, match="No Debian package"):
        real_text.read(cache)


def test_a_folder_into_which_others_may_write_is_refused(cache):
    cache.chmod(0o777)
    with pytest.raises(real_text.TextUnavailable, match="Others than this user"):
        real_text.read(cache)
