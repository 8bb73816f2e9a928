"""Finds and holds the regimes: those of this folder, and those of the provider's own folder.

The provider's file replaces the shipped one of the same code; the shipped one can still be had
by its version. Older versions lie in a folder `archive/` beside the current files. What the laws
of a family share stands once in a folder `families/`; a file `extends` it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from workflows.regimes.rules.reader import Document, RuleFileError
from workflows.regimes.rules.regime import Regime, parse_regime
from workflows.regimes.rules.validity import Change, changes

SHIPPED = Path(__file__).parent
# What stands in the facts of events: see `ledger.append`.
_CODE = re.compile(r"[!-~]{1,100}")


class UnknownRegimeError(LookupError):
    """There is no regime of this code, or not in this version."""


@dataclass(frozen=True, slots=True, eq=False)
class Registry:
    """The current regime of each code, and every version that is still kept; one for a reading."""

    current: dict[str, Regime]
    versions: dict[tuple[str, str], Regime]


def get_regime(code: str, version: str | None = None) -> Regime:
    """Return a regime in its current or in a given version; raises UnknownRegimeError."""
    loaded = _registry()
    found = loaded.current.get(code) if version is None else loaded.versions.get((code, version))
    if found is None:
        wanted = code if version is None else f"{code}, version {version}"
        raise UnknownRegimeError(f"There is no regime {wanted}.")
    return found


def all_regimes() -> tuple[Regime, ...]:
    """Return the current regimes in order of their codes."""
    return tuple(regime for _, regime in sorted(_registry().current.items()))


def coming_changes(day: date) -> list[tuple[Regime, Change]]:
    """Return what begins or ends in the current regimes after a day, whole laws too, in order."""
    found = [
        (regime, change)
        for regime in all_regimes()
        for change in changes(regime.document)
        if change.on > day
    ]
    return sorted(found, key=lambda each: (each[1].on, each[0].code))


def regime_on(regime: Regime, day: date) -> Regime:
    """Return a regime with the rules that are in force on a day; a current one is read once."""
    boundaries = [change.on for change in regime.changes if change.on <= day]
    if _registry().current.get(regime.code) is not regime:
        return regime.on(day)
    return _current_on(regime.code, max(boundaries, default=date.min))


@cache
def _current_on(code: str, day: date) -> Regime:
    return _registry().current[code].on(day)


def load(*folders: Path) -> Registry:
    """Read the rule files of the folders; a later folder wins. Raises RuleFileError.

    The name of a current file is the code of its regime, so that one code has one file.
    """
    current: dict[str, Regime] = {}
    versions: dict[tuple[str, str], Regime] = {}
    for folder in folders:
        for path in sorted(folder.glob("archive/*.toml")):
            regime = _read(path)
            versions[regime.code, regime.version] = regime
        for path in sorted(folder.glob("*.toml")):
            regime = _read(path)
            if regime.code != path.stem:
                message = f"must be the name of the file, {path.stem!r}"
                raise RuleFileError(message, file=str(path), line=1, key="code")
            _require_codes(regime, path)
            current[regime.code] = regime
            versions[regime.code, regime.version] = regime
    return Registry(current, versions)


def _require_codes(regime: Regime, path: Path) -> None:
    """Raise RuleFileError for a name that the log, which takes codes alone, would refuse."""
    names = {"version": (regime.version,), "clocks": regime.clocks, "grounds": regime.grounds}
    for key, each in names.items():
        for name in each:
            if _CODE.fullmatch(name) is None:
                message = f"{name!r} is no code: at most 100 letters, digits and signs, no space"
                raise RuleFileError(message, file=str(path), line=1, key=key)


def folders() -> Iterator[Path]:
    """Yield the folders that hold rules here. Raises RuleFileError if one is not there."""
    yield SHIPPED
    if settings.REGIMES_DIR:
        own = Path(settings.REGIMES_DIR)
        if not own.is_dir():
            raise RuleFileError("REGIMES_DIR is not a folder", file=str(own), line=1)
        yield own


def rule_files() -> Registry:
    """Return what was read of the files: another one after they were read again."""
    return _registry()


def clear_cache() -> None:
    """Read the files again when they are next asked for."""
    _registry.cache_clear()
    _current_on.cache_clear()


@cache
def _registry() -> Registry:
    return load(*folders())


def _read(path: Path) -> Regime:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleFileError(f"cannot be read: {error}", file=str(path), line=1) from error
    return parse_regime(_with_family(Document.parse(str(path), text), path))


def _with_family(document: Document, path: Path) -> Document:
    """Return a document laid over that of the family which it extends, if it does."""
    name = document.data.get("extends")
    if name is None:
        return document
    folder = path.parent.parent if path.parent.name == "archive" else path.parent
    found = [file for file in _families(str(name), folder) if file.is_file()]
    if not found:
        raise document.error(f"there is no family {name!r}", ("extends",))
    family = Document.parse(str(found[0]), found[0].read_text(encoding="utf-8"))
    own = {key: value for key, value in document.data.items() if key != "extends"}
    return Document(document.file, document.text, _laid_over(own, family.data))


def _families(name: str, folder: Path) -> Iterator[Path]:
    for parent in (folder, SHIPPED):
        yield parent / "families" / f"{name}.toml"


def _laid_over(own: Mapping[str, Any], family: Mapping[str, Any]) -> dict[str, Any]:
    """Return both: tables key by key, of anything else the own value."""
    merged = dict(family)
    for key, value in own.items():
        below = merged.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            merged[key] = _laid_over(value, below)
        else:
            merged[key] = value
    return merged


@register(Tags.compatibility)
def check_rule_files(**_: Any) -> list[CheckMessage]:
    """Read every rule file; the error names file, line and key."""
    clear_cache()
    try:
        known = [regime.code for regime in all_regimes()]
        for regime in all_regimes():
            for day in (date.min, *(change.on for change in regime.changes)):
                regime_on(regime, day)
    except RuleFileError as error:
        return [
            Error(
                str(error),
                hint="Correct the rule file; CONTRIBUTING.md says how one is made.",
                id="regimes.E001",
            )
        ]
    return [*_unknown_codes(known)]


def _unknown_codes(known: Sequence[str]) -> Iterator[Error]:
    """Yield what is wrong with the bodies of law that the provider says it serves."""
    served = settings.PROVIDER_REGIMES
    if not served:
        yield Error("PROVIDER_REGIMES names no body of law.", id="regimes.E002")
    for code in served:
        if code not in known:
            close = get_close_matches(code, known, n=1)
            meant = f"Did you mean {close[0]}? " if close else ""
            yield Error(
                f"PROVIDER_REGIMES names {code!r}, and there is no such body of law.",
                hint=f"{meant}Known are: {', '.join(known)}.",
                id="regimes.E002",
            )
    if len(set(served)) != len(served):
        yield Error("PROVIDER_REGIMES names a body of law twice.", id="regimes.E002")
