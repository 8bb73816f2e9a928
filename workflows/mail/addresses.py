"""One spelling for each mailbox, so that nobody is mailed more often by being spelled anew.

Only for counting: a mail goes to the address that somebody gave. Where servers differ, such as in
what stands after a plus, two mailboxes may count as one; never the other way.
"""

import re
import unicodedata

# Under these names, dots in an address mean nothing, and both are the same service.
_WITHOUT_DOTS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


def canonical_address(address: str) -> str:
    """Return the one spelling of a mailbox; a text that is no address comes back in lower case.

    Lower case, compatible characters as one (NFKC), without quotation marks, without what stands
    after a plus, and the domain as the network knows it (IDNA).
    """
    text = unicodedata.normalize("NFKC", address).strip().lower()
    local, at, domain = text.rpartition("@")
    if not at:
        return text
    if len(local) > 1 and local[0] == local[-1] == '"':
        local = _QUOTED_PAIR.sub(r"\1", local[1:-1])
    local = local.partition("+")[0] or local
    domain = _network_name(domain)
    if domain in _WITHOUT_DOTS:
        local, domain = local.replace(".", "") or local, _WITHOUT_DOTS[domain]
    return f"{local}@{domain}"


def domain_of(canonical: str) -> str:
    """Return the domain of an address in its one spelling."""
    return canonical.rpartition("@")[2]


def _network_name(domain: str) -> str:
    name = domain.rstrip(".")
    try:
        return name.encode("idna").decode().lower()
    except UnicodeError:
        return name


def normalise_email(email: str) -> str:
    """Return an address as it is indexed and compared: without outer space, in lower case."""
    return email.strip().lower()
