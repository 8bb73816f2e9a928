"""In which form an answer comes."""

from collections.abc import Iterable

from rest_framework import exceptions
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class JsonUnlessAsked(DefaultContentNegotiation):
    """Answers in the form of the view where it has none that the caller accepts.

    So a browser, or a program that names no JSON, reads what is wrong and not 406.
    """

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer that the caller accepts, or else the first of the view."""
        try:
            chosen: tuple[BaseRenderer, str] = super().select_renderer(
                request, renderers, format_suffix
            )
        except exceptions.NotAcceptable:
            first = next(iter(renderers))
            return first, first.media_type
        return chosen
