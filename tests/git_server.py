"""A real git server over HTTP: `git http-backend` behind a small WSGI server in a thread of this process.

It serves every bare repository below one folder at http://127.0.0.1:PORT/NAME.git,
pushes included, and can be told to misbehave as servers and networks do.
"""

from __future__ import annotations

import base64
import os
import socket
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, cast
from urllib.parse import unquote
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@dataclass(slots=True)
class Behaviour:
    """How the server answers; change a field at any time.

    `token` is the password that every request must carry. `status` answers everything with this HTTP status.
    `redirect` answers everything with a 302 to this address and the rest of the path.
    `silent` accepts a request and never answers. `delay_seconds` waits before each answer.
    `cut_after_bytes` breaks the connection after so many bytes of a body.
    `pause_seconds` waits between its pieces of 1 kB.
    """

    token: str = ""
    status: int = 0
    redirect: str = ""
    silent: bool = False
    delay_seconds: float = 0.0
    cut_after_bytes: int | None = None
    pause_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Request:
    """What one request looked like."""

    method: str
    path: str
    authorization: str


@dataclass(slots=True)
class GitServer:
    """Serves the repositories below `root` while it is entered as a context, at the address `host`.

    With `certificate`, a PEM file of key and certificate, it speaks https.
    """

    root: Path
    behaviour: Behaviour = field(default_factory=Behaviour)
    certificate: Path | None = None
    requests: list[Request] = field(default_factory=list)
    host: str = "127.0.0.1"
    _server: _Server | None = None
    _closing: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> GitServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port of `host` that it listens on."""
        assert self._server is not None
        return self._server.server_port

    def url(self, name: str = "blog.git") -> str:
        """Give a repository's address, without credentials."""
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://{self.host}:{self.port}/{name}"

    def start(self, port: int = 0) -> None:
        """Listen on `port`, by default a free one."""
        self._closing.clear()
        self._server = _Server((self.host, port), _Handler)
        self._server.set_app(self._answer)
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections from now on; silent answers end."""
        assert self._server is not None
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        path = environ["PATH_INFO"]
        self.requests.append(Request(environ["REQUEST_METHOD"], path, authorization))
        behaviour = self.behaviour
        if behaviour.silent:
            self._closing.wait()
            raise _CutError
        if behaviour.delay_seconds:
            self._closing.wait(behaviour.delay_seconds)
        if behaviour.status:
            return _plain(start_response, f"{behaviour.status} Told to")
        if behaviour.redirect:
            query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
            return _plain(start_response, "302 Found", ("Location", f"{behaviour.redirect}{path}{query}"))
        if behaviour.token and not _carries(authorization, behaviour.token):
            return _plain(start_response, "401 Unauthorized", ("WWW-Authenticate", 'Basic realm="git"'))
        return self._backend(environ, start_response)

    def _backend(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else _chunked(environ)
        variables: dict[str, str] = {
            "PATH": os.environ.get("PATH", os.defpath),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": "http.receivepack",
            "GIT_CONFIG_VALUE_0": "true",
            "GIT_CONFIG_KEY_1": "safe.directory",
            "GIT_CONFIG_VALUE_1": "*",
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": environ["REQUEST_METHOD"],
            "PATH_INFO": environ["PATH_INFO"],
            "QUERY_STRING": environ.get("QUERY_STRING", ""),
            "CONTENT_TYPE": environ.get("CONTENT_TYPE", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_USER": "pusher",
            "REMOTE_ADDR": "127.0.0.1",
        }
        for name in ("HTTP_CONTENT_ENCODING", "HTTP_GIT_PROTOCOL"):
            if name in environ:
                variables[name] = environ[name]
        done = subprocess.run(["git", "http-backend"], env=variables, input=body, capture_output=True, check=False)
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        headers = [(name, value) for name, _, value in (line.partition(": ") for line in head.decode().split("\r\n"))]
        status = next((value for name, value in headers if name == "Status"), "200 OK")
        start_response(status, [pair for pair in headers if pair[0] not in ("Status", "")])
        return self._pieces(answer)

    def _pieces(self, body: bytes) -> Iterator[bytes]:
        cut, pause = self.behaviour.cut_after_bytes, self.behaviour.pause_seconds
        if cut is not None and cut < len(body):
            yield body[:cut]
            raise _CutError
        if not pause:
            yield body
            return
        for start in range(0, len(body), 1024):
            if self._closing.wait(pause):
                return
            yield body[start : start + 1024]


class _CutError(Exception):
    """Breaks the connection in the middle of a body."""


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        # WSGIServer's own asks the name server for this machine's name.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]
        self.setup_environ()

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Say goodbye as TLS wants it: without that, git takes the end of an answer for a broken connection."""
        if isinstance(request, ssl.SSLSocket):
            with suppress(OSError):
                request.settimeout(1)
                request.unwrap()
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet: clients that leave and connections that are cut are what this server is for."""


class _Responder(ServerHandler):
    http_version = "1.0"

    def log_exception(self, exc_info: object) -> None:
        """Keep quiet about cut connections."""

    def error_output(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Never add to a body that was cut."""
        return []


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Write no access log."""

    def handle(self) -> None:
        """Answer one request with a handler of our own, and close."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            return
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.handle_expect_100()
        assert isinstance(self.server, WSGIServer)
        environ = {**self.get_environ(), "PATH_INFO": unquote(self.path.partition("?")[0])}
        source, sink = cast(IO[bytes], self.rfile), cast(IO[bytes], self.wfile)
        responder = _Responder(source, sink, self.get_stderr(), environ, multithread=True)
        application = self.server.get_app()
        assert application is not None
        with suppress(ConnectionError):
            responder.run(application)


def _carries(authorization: str, token: str) -> bool:
    kind, _, value = authorization.partition(" ")
    if kind != "Basic":
        return False
    return base64.b64decode(value).decode().partition(":")[2] == token


def _plain(start_response: StartResponse, status: str, *headers: tuple[str, str]) -> list[bytes]:
    start_response(status, [("Content-Type", "text/plain"), *headers])
    return [status.encode()]


def _chunked(environ: WSGIEnvironment) -> bytes:
    """Read a body that git sends in chunks (a push above http.postBuffer)."""
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() != "chunked":
        return b""
    stream, body = environ["wsgi.input"], b""
    while size := int(stream.readline().split(b";")[0], 16):
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return body


def wait_until_listening(port: int, limit_seconds: float = 5.0) -> None:
    """Wait until something accepts connections on `port` of this machine."""
    end = time.monotonic() + limit_seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < end, f"nothing listens on port {port}"
            time.sleep(0.02)
