"""Pages for what went wrong; they need the theme alone, so they work while the database does not.

What happened inside stands in the log, never in the page.
"""

from __future__ import annotations

import logging
from typing import Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from gitblog.errors import IndexUnavailableError
from gitblog.web.answers import HTML, tag_of
from gitblog.web.theme import Theme

logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = 5

_TEXTS: Final = {
    400: ("This request cannot be understood", "Something in it is not as HTTP wants it."),
    404: ("Nothing here", "There is no page at this address."),
    405: ("Not this way", "This address cannot be asked like that."),
    413: ("Too much", "The request holds more than this address accepts."),
    414: ("Too long", "The address is longer than any of this site."),
    500: (
        "Something broke",
        "The mistake is on this side and is written down. Please try again later.",
    ),
    503: ("Back in a moment", "The site is not ready to answer. Please try again in a few seconds."),
}


def register_errors(app: Flask, theme: Theme) -> None:
    """Answer every error of the application with a plain page of the theme."""

    def answer_http_error(error: HTTPException) -> Response:
        kept = [(name, value) for name, value in error.get_headers(request.environ) if name in _KEPT]
        return error_page(theme, error.code or 500, kept)

    def answer_unavailable(error: IndexUnavailableError) -> Response:
        logger.warning("index unavailable", extra={"reason": error.reason, "error": error.message})
        return error_page(theme, 503, [("Retry-After", str(RETRY_SECONDS))])

    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(IndexUnavailableError, answer_unavailable)


# What an error says beside its page, as RFC 9110 asks of 405 and 416.
_KEPT: Final = frozenset({"Allow", "Content-Range", "Retry-After"})


def error_page(theme: Theme, status: int, fields: list[tuple[str, str]]) -> Response:
    """Make the page for a status; a status without a text of its own gets that of 400 or 500."""
    heading, text = _TEXTS.get(status) or _TEXTS[500 if status >= 500 else 400]
    body = theme.render("error.html", status=status, heading=heading, text=text)
    return Response(body, status, [("Content-Type", HTML), ("ETag", tag_of(body)), *fields])
