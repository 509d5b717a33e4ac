"""A front server (nginx, Caddy) before a real gitblog: gunicorn, a repository, HTTPS by an authority made here.

The front runs the configuration that `deploy/` ships; only ports, paths and names are other ones.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import random
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.checkout import TOP
from tests.history_builder import Builder
from tests.tools import require_tool

HOST = "blog.example.org"
APEX = "example.org"
SITE_URL = f"https://{HOST}"
SECRET = "a secret of the webhook of this test"
TOKEN = "a token of the status of this test"
POST = "/2020/05/first/"
DELIVERY = "/-/webhooks/github"
PATIENCE_SECONDS = 60.0

# Larger than what the kernel takes on the way to a reader who does not read.
LARGE = random.Random(1).randbytes(20_000_000)
STYLE = b".a { color: red }\n" * 500

_CERTIFICATES = f"""
[req]
distinguished_name = name
prompt = no
[name]
CN = gitblog's tests
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:{HOST}, DNS:{APEX}
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, redirects not followed; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files: who signs, and what the front shows."""

    authority: Path
    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Give what trusts this authority and nobody else."""
        found = ssl.create_default_context(cafile=str(self.authority))
        found.set_alpn_protocols(["http/1.1"])
        return found


@dataclass(slots=True)
class Gitblog:
    """gunicorn with gitblog over a repository that grows by `push`."""

    folder: Path
    port: int
    environment: Mapping[str, str]
    builder: Builder
    tree: dict[str, bytes] = field(default_factory=dict)
    tips: list[str] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve while the block lasts."""
        command = [sys.executable, "-m", "gunicorn", "-c", "python:gitblog.server", "gitblog:create_app()"]
        with running(command, self.folder / "gitblog.log", self.environment):
            yield

    def push(self, changes: Mapping[str, bytes]) -> str:
        """Commit on main, as a push leaves it; gives the revision."""
        self.tree.update(changes)
        self.tips.append(self.builder.commit(self.tree, self.tips[-1:], int(time.time()), "main"))
        return self.tips[-1]


@dataclass(frozen=True, slots=True)
class Front:
    """A front server that runs; `gitblog` is what it was started before, `logs` are the files it writes."""

    gitblog: Gitblog
    http_port: int
    https_port: int
    certificates: Certificates
    logs: Sequence[Path]

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        body: bytes | None = None,
        secure: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask over HTTPS, or over HTTP where not `secure`; `headers` may name another Host."""
        named = {"Host": HOST, **(headers or {})}
        connection = http.client.HTTPConnection("127.0.0.1", timeout=30)
        connection.sock = self.connect(named["Host"].partition(":")[0]) if secure else self.connect()
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in named.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def connect(self, name: str = "", *, receive_bytes: int = 0) -> socket.socket:
        """Open a connection: HTTPS to the name, or HTTP without one; the kernel keeps `receive_bytes` unread."""
        plain = socket.socket()
        try:
            plain.settimeout(30)
            if receive_bytes:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            plain.connect(("127.0.0.1", self.https_port if name else self.http_port))
            return self.certificates.context().wrap_socket(plain, server_hostname=name) if name else plain
        except OSError:
            plain.close()
            raise

    def deliver(self, revision: str, *, padding: int = 0, secure: bool = True) -> Answer:
        """Send GitHub's delivery for a push of the revision, signed, made larger by so many bytes."""
        named = {"full_name": "me/blog", "clone_url": "https://github.com/me/blog.git"}
        push = {"ref": "refs/heads/main", "after": revision, "repository": named, "padding": "x" * padding}
        body = json.dumps(push).encode()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "push",
            "X-GitHub-Delivery": revision[:8],
            "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
        }
        return self.ask(DELIVERY, method="POST", body=body, headers=headers, secure=secure)

    def publish(self, changes: Mapping[str, bytes]) -> str:
        """Push, deliver, and wait on gitblog's own port until it has published; gives the revision."""
        revision = self.gitblog.push(changes)
        delivered = self.deliver(revision)
        assert delivered.status == 202, delivered.body
        wait_until_live(self.gitblog, revision)
        return revision

    def logged(self) -> str:
        """Give all that the front has written."""
        return "".join(path.read_text(errors="replace") for path in self.logs if path.exists())

    def logged_with(self, *texts: str) -> str:
        """Give all that the front has written once these texts are in it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not all(text in self.logged() for text in texts):
            assert time.monotonic() < deadline, f"the front logged {self.logged()[-2000:]} and not all of {texts}"
            time.sleep(0.05)
        return self.logged()


def wait_until_live(gitblog: Gitblog, revision: str) -> None:
    """Ask gitblog itself until the revision is live in each of its processes, the front not asked."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    # Each connection may meet either process.
    agreeing = 0
    while agreeing < 10:
        assert time.monotonic() < deadline, f"{revision} did not become live; {gitblog.folder / 'gitblog.log'}"
        agreeing = agreeing + 1 if _live_revision(gitblog) == revision else 0
        if not agreeing:
            time.sleep(0.05)


def _live_revision(gitblog: Gitblog) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", gitblog.port, timeout=30)
    try:
        connection.request("GET", "/", headers={"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-Host": HOST})
        return connection.getresponse().headers.get("X-Gitblog-Revision", "")
    except OSError:
        return ""
    finally:
        connection.close()


@contextmanager
def running(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None, descriptors: Sequence[int] = ()
) -> Iterator[None]:
    """Run a server while the block lasts, with these descriptors; what it says goes to the end of `log`."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=TOP, env=environment, stdout=output, stderr=output, pass_fds=descriptors
        )
    try:
        yield
    except BaseException as error:
        error.add_note(log.read_text(errors="replace")[-3000:])
        raise
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def serving_blog(folder: Path, **settings: str) -> Iterator[Gitblog]:
    """Run gitblog on a small blog behind one proxy, once it has published; `settings` are more of them."""
    gitblog = make_blog(folder, **settings)
    with gitblog.running():
        wait_until_live(gitblog, gitblog.tips[-1])
        yield gitblog


def make_blog(folder: Path, **settings: str) -> Gitblog:
    """Make a repository and settings; nothing runs yet."""
    folder.mkdir()
    port = free_port()
    builder = Builder(folder / "blog.git")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "CONTENT_REPO": str(builder.path),
        "DATA_DIR": str(folder / "data"),
        "PORT": str(port),
        "SITE_URL": SITE_URL,
        "TRUSTED_PROXIES": "1",
        "SYNC_INTERVAL_SECONDS": "3600",
        "WEBHOOK_SECRET": SECRET,
        "STATUS_TOKEN": TOKEN,
        **settings,
    }
    gitblog = Gitblog(folder, port, environment, builder)
    files = {"static/large.bin": LARGE, "static/style.css": STYLE, "static/hill.png": b"\x89PNG one"}
    gitblog.push({"posts/first.md": post("The first words."), **files})
    return gitblog


def post(text: str) -> bytes:
    """Write the post at `POST`."""
    return f"---\ntitle: First\ndate: 2020-05-06\n---\n{text}\n".encode()


def make_certificates(folder: Path) -> Certificates:
    """Make an authority and a certificate for both names, good for a day."""
    folder.mkdir()
    options = folder / "openssl.conf"
    options.write_text(_CERTIFICATES)
    made = Certificates(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    signing = folder / "authority.key"
    command = [
        str(require_tool("openssl")), "req", "-x509", "-nodes", "-days", "1", "-config", str(options),
        "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
    ]  # fmt: skip
    own = ["-extensions", "authority", "-keyout", str(signing), "-out", str(made.authority)]
    signed = ["-CA", str(made.authority), "-CAkey", str(signing), "-subj", f"/CN={HOST}"]
    signed += ["-extensions", "server", "-keyout", str(made.key), "-out", str(made.certificate)]
    for arguments in (own, signed):
        subprocess.run([*command, *arguments], check=True, capture_output=True)
    return made


def rewritten(path: Path, changes: Mapping[str, str]) -> None:
    """Replace texts in a shipped configuration; each must stand in it, so that the test runs what is shipped."""
    text = path.read_text()
    for old, new in changes.items():
        assert old in text, f"{path.name} does not say {old!r} any more"
        text = text.replace(old, new)
    path.write_text(text)


def wait_until_answering(front: Front) -> None:
    """Wait until the front gives an answer, whichever; it has this long to start."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            front.ask(POST)
        except OSError:
            assert time.monotonic() < deadline, f"the front never answered; it wrote {front.logged()[-500:]}"
            time.sleep(0.05)
        else:
            return


def free_port() -> int:
    """Give a port of this machine that nobody uses."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
