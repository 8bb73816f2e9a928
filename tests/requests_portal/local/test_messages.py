"""Compiling catalogues without GNU gettext."""

import gettext

import pytest

from requests_portal.local.messages import catalogues, compile_catalogue

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: zh\\n"\n\n'


@pytest.fixture
def source(folder):
    path = folder / "zh_Hans" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    return path


def test_a_compiled_catalogue_translates(source, folder):
    source.write_text(HEADER + 'msgid "Send"\nmsgstr "提交"\n', encoding="utf-8")
    assert catalogues(folder) == [source]
    assert compile_catalogue(source) == []
    assert gettext.translation("django", folder, ["zh_Hans"]).gettext("Send") == "提交"


def test_a_fuzzy_entry_is_left_out(source, folder):
    source.write_text(HEADER + '#, fuzzy\nmsgid "Send"\nmsgstr "旧"\n', encoding="utf-8")
    compile_catalogue(source)
    assert gettext.translation("django", folder, ["zh_Hans"]).gettext("Send") == "Send"


def test_a_lost_placeholder_is_a_fault_and_nothing_is_written(source):
    source.write_text(
        HEADER + '#, python-format\nmsgid "%(days)d days"\nmsgstr "%(day)d 天"\n', encoding="utf-8"
    )
    faults = compile_catalogue(source)
    assert len(faults) == 1
    assert f"{source}:" in faults[0]
    assert not source.with_suffix(".mo").exists()
