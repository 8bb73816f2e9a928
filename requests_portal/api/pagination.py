"""Pages of a list."""

from typing import Any
from urllib.parse import urlsplit

from django.core import signing
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor as Position
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param


class Cursor(CursorPagination):
    """Pages that stay the same while new entries arrive; `next` and `previous` are addresses.

    Each cursor is signed for its list. What it holds goes into a query as it is; in one that
    somebody made up, or took from another list, would be a value that the column cannot have.
    """

    def encode_cursor(self, cursor: Position) -> str:
        """Return the address of a page with its cursor."""
        held = [cursor.offset, cursor.reverse, cursor.position]
        signed = signing.dumps(held, salt=self._salt())
        return str(replace_query_param(str(self.base_url), self.cursor_query_param, signed))

    def decode_cursor(self, request: Request) -> Position | None:
        """Return the cursor of a request, or None for the first page; refuse one of others."""
        signed = request.query_params.get(self.cursor_query_param)
        if signed is None:
            return None
        try:
            offset, reverse, position = signing.loads(signed, salt=self._salt())
        except signing.BadSignature as error:
            raise NotFound(self.invalid_cursor_message) from error
        return Position(offset=offset, reverse=reverse, position=position)

    def _salt(self) -> str:
        return f"requests_portal.api.cursor:{urlsplit(str(self.base_url)).path}"

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of a page in OpenAPI 3.1; that of the parent is of 3.0."""
        address = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": address,
                "previous": address,
                "results": {**schema, "maxItems": self.page_size},
            },
        }
