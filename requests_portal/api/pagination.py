"""Pages of a list."""

from typing import Any

from rest_framework.pagination import CursorPagination


class Cursor(CursorPagination):
    """Pages that stay the same while new entries arrive; `next` and `previous` are addresses."""

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
