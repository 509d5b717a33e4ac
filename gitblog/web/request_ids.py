"""One id a request, in every line that is logged while it is answered, and in its access line."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from gitblog.logs import request_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KEY: Final = "gitblog.request_id"
"""The key of the WSGI environment that holds the id."""

# What Heroku and nginx make is in it; anything else could be a text that somebody wants to have in a log.
_WELL_FORMED = re.compile(r"[A-Za-z0-9+/=_.-]{8,200}")


def identified(application: WSGIApplication) -> WSGIApplication:
    """Take over the `X-Request-ID` of whoever stands in front, or make one."""

    def identifying(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        given = environ.get("HTTP_X_REQUEST_ID", "")
        environ[KEY] = given if _WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(environ[KEY])
        try:
            return application(environ, start_response)
        finally:
            request_id.reset(token)

    return identifying
