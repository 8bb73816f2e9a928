"""Templates and style sheets stay readable: short lines, no rule in two places, colours in one."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from requests_portal.local.folders import PROJECT

LONGEST_LINE = 180
STATIC = PROJECT / "requests_portal" / "static"
TOKENS = STATIC / "portal" / "tokens.css"
STYLES = sorted(STATIC.rglob("*.css"))
COLOUR = re.compile(
    r"#[0-9a-f]{3,8}\b"
    r"|\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch|color|color-mix|light-dark)a?\("
    r"|\b(?:black|white|gr[ae]y|silver|red|green|blue|yellow|orange|navy|purple)\b",
    re.IGNORECASE,
)

Rule = tuple[tuple[str, ...], str]


def rules_of(css: str) -> Iterator[Rule]:
    """Give each rule of a style sheet: the blocks around it with its selector, and its body."""
    around: list[str] = []
    text = ""
    for part in re.split(r"([{}])", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)):
        if part == "{":
            around.append(" ".join(text.split()))
        elif part == "}":
            if text.strip():
                yield tuple(around), text
            around.pop()
        text = part if part not in "{}" else ""


def doubled(css: str) -> list[tuple[str, ...]]:
    """Return the selectors that stand twice inside the same blocks."""
    return [where for where, n in Counter(where for where, _ in rules_of(css)).items() if n > 1]


def colours(css: str) -> list[str]:
    """Return the colours that are written into the declarations of a style sheet."""
    return [
        f"{where[-1]} {declaration.strip()}"
        for where, body in rules_of(css)
        for declaration in body.split(";")
        if COLOUR.search(re.sub(r"--[\w-]+", "", declaration.partition(":")[2]))
    ]


def test_no_line_of_a_template_is_too_long_to_review():
    files = [path for path in (PROJECT / "templates").rglob("*") if path.is_file()]
    assert files
    long = [
        f"{path.relative_to(PROJECT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > LONGEST_LINE
    ]

    assert not long, "break it in a trimmed block or between tags, or include what repeats"


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_no_selector_stands_twice(path: Path):
    assert doubled(path.read_text()) == []


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_colours_are_written_in_the_tokens_alone(path: Path):
    assert bool(colours(path.read_text())) is (path == TOKENS)


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_every_name_that_is_used_is_a_token_or_stands_in_the_same_sheet(path: Path):
    css = path.read_text()
    known = set(re.findall(r"(--[\w-]+)\s*:", TOKENS.read_text() + css))

    assert set(re.findall(r"var\((--[\w-]+)", css)) <= known


def test_the_checks_see_what_they_look_for():
    css = """
    /* a { color: #fff } */
    a, b { color: var(--white); }
    @media print { a, b { color: #000; } }
    a,
    b { background: rgb(0 0 0); border: 1px solid ButtonText; }
    """

    assert doubled(css) == [("a, b",)]
    assert colours(css) == ["a, b color: #000", "a, b background: rgb(0 0 0)"]
