"""Compiles the message catalogues without GNU gettext; run as a module."""

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from requests_portal.local.folders import PROJECT

LOCALE = PROJECT / "locale"


def catalogues(locale: Path = LOCALE) -> list[Path]:
    """Return the catalogues (`<language>/LC_MESSAGES/<domain>.po`) in `locale`."""
    return sorted(locale.glob("*/LC_MESSAGES/*.po"))


def compile_catalogue(source: Path) -> list[str]:
    """Write the `.mo` file beside `source`, without fuzzy entries; return what is wrong in it.

    A fault is a sentence with its line, for example of a translation that lacks a placeholder.
    Nothing is written then.
    """
    with source.open("rb") as file:
        catalogue = read_po(file)
    faults = [
        f"{source}:{message.lineno}: {error}"
        for message, errors in catalogue.check()
        for error in errors
    ]
    if not faults:
        unfinished = source.with_suffix(".mo.part")
        with unfinished.open("wb") as file:
            write_mo(file, catalogue)
        unfinished.rename(source.with_suffix(".mo"))
    return faults


def main() -> None:
    """Compile all catalogues; exit code 1 and a line per fault if there is any."""
    faults = [fault for source in catalogues() for fault in compile_catalogue(source)]
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
