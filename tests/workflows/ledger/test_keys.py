"""The key of the log, as the settings give it."""

import base64

import pytest
from django.core.exceptions import ImproperlyConfigured

from workflows.ledger import keys


@pytest.fixture
def known_key(settings):
    settings.LEDGER_KEY = base64.b64encode(bytes(range(32))).decode()
    settings.LEDGER_ORIGIN = "cases.example.org/log/2026"


@pytest.mark.usefixtures("known_key")
def test_the_public_key_of_a_known_seed():
    expected = "cases.example.org/log/2026+9ae05fbc+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    assert keys.log_vkey() == keys.log_verifier().vkey == expected


@pytest.mark.parametrize("key", ["", "AAAA", "?" * 44, base64.b64encode(bytes(33)).decode()])
def test_a_wrong_key_is_named(settings, key):
    settings.LEDGER_KEY = key
    with pytest.raises(ImproperlyConfigured, match="LEDGER_KEY"):
        keys.log_signer()


@pytest.mark.parametrize("origin", ["", "two words", "a+b"])
@pytest.mark.usefixtures("known_key")
def test_a_wrong_origin_is_named(settings, origin):
    settings.LEDGER_ORIGIN = origin
    with pytest.raises(ImproperlyConfigured, match="LEDGER_ORIGIN"):
        keys.log_signer()
