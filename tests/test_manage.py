"""`manage.py` itself."""

import sys

import pytest

import manage


def test_an_interruption_is_no_traceback(monkeypatch, capsys):
    def interrupted(_argv):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["manage.py", "help"])
    monkeypatch.setattr("django.core.management.execute_from_command_line", interrupted)
    with pytest.raises(SystemExit) as ended:
        manage.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "Interrupted.\n"
