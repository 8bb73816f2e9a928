"""The log-ins and receipts of the sample cases, as `load_sample_cases` has written them down."""

from tests.stack import Stack


def _tables(stack: Stack) -> list[list[list[str]]]:
    text = (stack.folder / "sample-logins.txt").read_text(encoding="utf-8")
    return [[line.split() for line in table.splitlines()[1:]] for table in text.split("\n\n")]


def sample_logins(stack: Stack) -> dict[str, str]:
    """Return the pass phrases of the sample accounts by user name."""
    return {username: passphrase for _role, username, passphrase, _area in _tables(stack)[0]}


def sample_receipts(stack: Stack, language: str) -> dict[str, tuple[str, str]]:
    """Return number and receipt of the sample cases in a language, by state."""
    return {
        state: (number, receipt)
        for state, number, receipt, link in _tables(stack)[1]
        if f"/{language}/" in link
    }
