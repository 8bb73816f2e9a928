"""How much a request may hold, and how much an answer tells of what is wrong with it."""

from typing import Any, BinaryIO

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

# A request has five levels, a receipt of a pipeline two.
MOST_LEVELS = 20
MOST_NAMED = 50
LONGEST_NAME = 100
LONGEST_SENTENCE = 300


def read_body(stream: BinaryIO) -> bytes:
    """Return the body of a request; raise `RequestDataTooBig` for one as large as no form's.

    Django looks at the length of what it parses itself only.
    """
    body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise RequestDataTooBig("The body of the request is too large.")
    return body


class BoundedJSONParser(BaseParser):
    """Takes JSON of a bounded length and depth, in UTF-8, without halves of surrogate pairs."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return what the body says; raise `ParseError` where it is no such JSON."""
        try:
            parsed = orjson.loads(read_body(stream))
        except orjson.JSONDecodeError as error:
            raise ParseError(f"JSON parse error - {error.msg}") from error
        if _is_deeper(parsed, MOST_LEVELS):
            raise ParseError(f"JSON parse error - more than {MOST_LEVELS} levels")
        return parsed


def _is_deeper(parsed: Any, levels: int) -> bool:
    """Return whether lists and objects lie in each other more than so many times."""
    inner = [parsed]
    for _level in range(levels + 1):
        containers = [entry for entry in inner if isinstance(entry, dict | list)]
        if not containers:
            return False
        inner = [
            entry
            for container in containers
            for entry in (container.values() if isinstance(container, dict) else container)
        ]
    return True


def first_errors(errors: Any) -> tuple[Any, int]:
    """Return errors in the shape they have, shortened to the first, and how many are left out."""
    told = _Told()
    return told.shortened(errors), told.left_out


class _Told:
    """Counts the sentences that are told and those that are not."""

    def __init__(self) -> None:
        self.named = self.left_out = 0

    def shortened(self, errors: Any) -> Any:
        """Return the part of some errors that is told; nothing where none of it is."""
        if isinstance(errors, dict):
            found = {str(name): self.shortened(inner) for name, inner in errors.items()}
            return {_cut(name, LONGEST_NAME): inner for name, inner in found.items() if inner}
        if isinstance(errors, list | tuple):
            found_in_list = [self.shortened(inner) for inner in errors]
            # The place in the list says which entry is wrong.
            while found_in_list and not found_in_list[-1]:
                found_in_list.pop()
            return found_in_list
        if self.named == MOST_NAMED:
            self.left_out += 1
            return None
        self.named += 1
        return _cut(str(errors), LONGEST_SENTENCE)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}…"
