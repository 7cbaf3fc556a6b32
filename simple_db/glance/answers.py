"""HTTP answers that are not Glance's: one line of text each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import http
    from wsgiref.types import StartResponse, WSGIEnvironment


def answer_in_a_line(
    environ: WSGIEnvironment,
    start_response: StartResponse,
    status: http.HTTPStatus,
    message: str,
    *headers: tuple[str, str],
) -> list[bytes]:
    """Answer a request with a status, a message as plain text, and further headers."""
    body = f"{message}\n".encode()
    own = [("Content-Type", "text/plain; charset=UTF-8"), ("Content-Length", str(len(body)))]
    start_response(f"{status.value} {status.phrase}", [*own, *headers])
    return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]
