"""A timestamp counts only when a configured root vouches for a signer made for timestamps alone.

`openssl ts` refuses to sign with a certificate that is not for timestamps, so the false tokens
here are put together as a forger would: what a true token says, signed anew with `openssl cms`.
"""

import re

import pytest

from tests.evidence import Authority, openssl
from workflows.ledger.timestamping import (
    TimestampError,
    check_response,
    make_request,
    read_certificates,
)

pytestmark = pytest.mark.stack

DATA = b"requests-portal.example/log\n"
LEAF = """
[{name}]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
authorityKeyIdentifier = keyid
"""
CA = """
[{name}]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
"""
FOR_TIMESTAMPS = "extendedKeyUsage = critical, timeStamping\n"


class Forger:
    """Signs what a true token says with certificates of its own making."""

    def __init__(self, folder):
        self.folder = folder
        self.authority = Authority(folder)
        self.ask_again()

    def ask_again(self):
        """Get a true token of this second, for a certificate does not hold before it was made."""
        self.true = self.authority.answer(make_request(DATA).body)
        (self.folder / "answer").write_bytes(self.true)
        openssl("ts", "-reply", "-in", "answer", "-token_out", "-out", "token", cwd=self.folder)
        openssl(
            "cms", "-verify", "-noverify", "-inform", "DER", "-in", "token", "-out", "content",
            cwd=self.folder,
        )  # fmt: skip

    def certificate(self, name, extensions, issuer="ca", subject="/CN=Signer"):
        """Make a key and a certificate, by `issuer` or by itself when that is None."""
        with (self.folder / "conf").open("a") as conf:
            conf.write(extensions.format(name=name))
        by = () if issuer is None else ("-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key")
        openssl(
            "req", "-new", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-config", "conf", "-extensions", name, "-subj", subject, "-days", 2,
            "-keyout", f"{name}.key", "-out", f"{name}.pem", *by, cwd=self.folder,
        )  # fmt: skip
        self.ask_again()
        return name

    def answer(self, signer, *options):
        """Return an answer "granted" whose token `signer` has signed."""
        openssl(
            "cms", "-sign", "-binary", "-nodetach", "-cades", "-md", "sha256", "-in", "content",
            "-econtent_type", "1.2.840.113549.1.9.16.1.4", "-outform", "DER", "-out", "made",
            "-signer", f"{signer}.pem", "-inkey", f"{signer}.key", *options,
            cwd=self.folder,
        )  # fmt: skip
        body = b"\x30\x03\x02\x01\x00" + (self.folder / "made").read_bytes()
        return b"\x30\x82" + len(body).to_bytes(2) + body

    def root(self, name="ca"):
        return read_certificates(str(self.folder / f"{name}.pem"))


@pytest.fixture(scope="module")
def forger(tmp_path_factory):
    return Forger(tmp_path_factory.mktemp("forger"))


def refused(answer, roots):
    with pytest.raises(TimestampError) as caught:
        check_response(answer, DATA, roots)
    return str(caught.value)


def test_a_token_put_together_here_holds_when_its_certificate_is_right(forger):
    """Else the refusals below could have any other reason."""
    for signer in ("signer", forger.certificate("right", LEAF + FOR_TIMESTAMPS)):
        genuine = check_response(forger.true, DATA, forger.root())
        assert check_response(forger.answer(signer), DATA, forger.root()) == genuine


# --- Chains --------------------------------------------------------------------------------------
def test_a_signer_that_vouches_for_itself_is_refused(forger):
    alone = forger.certificate("alone", LEAF + FOR_TIMESTAMPS, issuer=None)
    assert "certificate verify error" in refused(forger.answer(alone), forger.root())


def test_a_signer_of_another_root_is_refused(forger):
    other = forger.certificate("other", CA, issuer=None, subject="/CN=Another authority")
    signer = forger.certificate("of_other", LEAF + FOR_TIMESTAMPS, issuer=other)
    answer = forger.answer(signer)
    assert "certificate verify error" in refused(answer, forger.root())
    assert check_response(answer, DATA, forger.root(other))


def test_a_root_of_the_same_name_is_another_one(forger):
    namesake = forger.certificate(
        "namesake", CA, issuer=None, subject="/CN=Timestamps of the tests"
    )
    signer = forger.certificate("of_namesake", LEAF + FOR_TIMESTAMPS, issuer=namesake)
    answer = forger.answer(signer)
    assert "certificate verify error" in refused(answer, forger.root())
    assert check_response(answer, DATA, forger.root(namesake))


def test_a_root_that_travels_in_the_token_is_not_believed(forger):
    own = forger.certificate("own", CA, issuer=None, subject="/CN=Own")
    forger.certificate("of_own", LEAF + FOR_TIMESTAMPS, issuer=own)
    answer = forger.answer("of_own", "-certfile", "own.pem")
    assert "certificate verify error" in refused(answer, forger.root())
    assert check_response(answer, DATA, forger.root("own"))


def test_a_leaf_cannot_vouch_for_a_signer(forger):
    """The true signer's certificate leads to the root, but it may not issue others."""
    signer = forger.certificate("of_leaf", LEAF + FOR_TIMESTAMPS, issuer="signer")
    answer = forger.answer(signer)
    refused(answer, forger.root())
    assert "certificate verify error" in refused(answer, forger.root() + forger.root("signer"))


def test_a_chain_with_a_link_missing_is_refused_until_the_link_is_configured(forger):
    between = forger.certificate("between", CA, subject="/CN=Between")
    signer = forger.certificate("of_between", LEAF + FOR_TIMESTAMPS, issuer=between)
    answer = forger.answer(signer)
    assert "certificate verify error" in refused(answer, forger.root())
    assert check_response(answer, DATA, forger.root() + forger.root(between))


def test_the_certificate_of_the_true_signer_does_not_cover_the_key_of_another(forger):
    """What is sent along is the authority's own certificate; the signature is a stranger's."""
    stranger = forger.certificate("stranger", LEAF + FOR_TIMESTAMPS, issuer=None)
    answer = forger.answer(stranger, "-certfile", "signer.pem")
    assert "certificate verify error" in refused(answer, forger.root())
    refused(forger.answer(stranger, "-nocerts"), forger.root())


def test_without_a_root_nothing_holds(forger):
    assert "at least one root" in refused(forger.true, [])


# --- What the signer's certificate is for ------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("no_usage", ""),
        ("for_code", "extendedKeyUsage = critical, codeSigning\n"),
        ("for_servers", "extendedKeyUsage = critical, serverAuth\n"),
        ("for_anything", "extendedKeyUsage = critical, anyExtendedKeyUsage\n"),
        ("not_critical", "extendedKeyUsage = timeStamping\n"),
        ("for_two_things", "extendedKeyUsage = critical, timeStamping, serverAuth\n"),
    ],
)
def test_a_signer_that_is_not_for_timestamps_alone_is_refused(forger, name, usage):
    """RFC 3161, 2.3: the extension is critical and has this one purpose."""
    signer = forger.certificate(name, LEAF + usage)
    assert "unsuitable certificate purpose" in refused(forger.answer(signer), forger.root())


def test_the_root_itself_is_no_signer(forger):
    assert "unsuitable certificate purpose" in refused(forger.answer("ca"), forger.root())


@pytest.mark.parametrize("year", [b"2001", b"2049"])
def test_a_time_at_which_the_certificate_did_not_hold_is_refused(forger, year):
    """What counts is the time in the token, not that of the check."""
    content = forger.folder / "content"
    true = content.read_bytes()
    content.write_bytes(re.sub(rb"(?<=\x18\x0f)\d{4}", year, true, count=1))
    assert content.read_bytes() != true
    try:
        answer = forger.answer("signer")
    finally:
        content.write_bytes(true)
    assert "certificate verify error" in refused(answer, forger.root())
