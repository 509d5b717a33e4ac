"""What every front server before gitblog has to do, whichever it is; `front` is the running one."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import brotli
import pytest

from tests.front_servers import APEX, DELIVERY, HOST, LARGE, POST, SITE_URL, STYLE, TOKEN, Front, post

SLOW_CLIENTS = 200
MIB = 1024 * 1024


class FrontContract:
    """The tests that each kind of front server passes; `front` is before a gitblog, `lonely_front` before nothing."""

    def test_the_next_request_after_a_publication_shows_the_new_page(self, front: Front) -> None:
        """However often the page before was asked for; nothing waits for a time to pass."""
        for number in range(5):
            revision = front.publish({"posts/first.md": post(f"Words of push {number}.")})
            answers = [front.ask(POST) for _ in range(3)]

            assert [answer.status for answer in answers] == [200] * 3
            assert [f"Words of push {number}." in answer.body.decode() for answer in answers] == [True] * 3
            assert {answer.headers["x-gitblog-revision"] for answer in answers} == {revision}

    def test_a_page_that_the_reader_has_is_not_sent_again_until_a_push_changes_it(self, front: Front) -> None:
        """304 with the revision that answers, for GET and HEAD; another push may leave the page as it was."""
        front.publish({"posts/first.md": post("What the reader has.")})
        tag = front.ask(POST).headers["etag"]
        elsewhere = front.publish({"posts/other.md": b"---\ndraft: true\n---\n"})
        kept = [front.ask(POST, method=method, headers={"If-None-Match": tag}) for method in ("GET", "HEAD")]
        assert [(answer.status, answer.body) for answer in kept] == [(304, b"")] * 2
        assert {answer.headers["x-gitblog-revision"] for answer in kept} == {elsewhere}

        front.publish({"posts/first.md": post("What the reader has not.")})
        sent = front.ask(POST, headers={"If-None-Match": tag})
        assert (sent.status, b"What the reader has not." in sent.body) == (200, True)

    def test_head_says_what_get_says(self, front: Front) -> None:
        """For a page and for a large file."""
        for path in (POST, "/large.bin"):
            whole, head = front.ask(path), front.ask(path, method="HEAD")
            names = ("content-length", "content-type", "etag", "content-security-policy")

            assert (whole.status, head.status, head.body) == (200, 200, b"")
            assert whole.headers["content-length"] == str(len(whole.body))
            assert [head.headers[name] for name in names] == [whole.headers[name] for name in names]

    def test_a_compressed_body_comes_as_gitblog_made_it_and_no_reader_gets_another_readers(self, front: Front) -> None:
        """Page and file, in turns, so that what a front stores for one reader meets the next."""
        undone: dict[str, Callable[[bytes], bytes]] = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}
        front.publish({"posts/first.md": post("Words that are worth compressing. " * 200)})
        for path in (POST, "/style.css"):
            plain = front.ask(path).body
            for accepted in ("br, gzip", "gzip", "", "gzip", "br, gzip"):
                encoding = accepted.partition(",")[0]
                answer = front.ask(path, headers={"Accept-Encoding": accepted} if accepted else {})

                assert (answer.status, answer.headers.get("content-encoding", "")) == (200, encoding)
                assert undone[encoding](answer.body) == plain
                assert "accept-encoding" in answer.headers["vary"].lower()
        assert front.ask("/style.css").body == STYLE

    def test_parts_of_a_large_file_are_sent(self, front: Front) -> None:
        """Whole, its middle, its end, as long as it is the same file, and none beyond its end."""
        whole = front.ask("/large.bin")
        assert (whole.status, whole.body == LARGE) == (200, True)

        def part(ranges: str, **more: str) -> tuple[int, bytes, str]:
            named = {name.replace("_", "-"): value for name, value in more.items()}
            answer = front.ask("/large.bin", headers={"Range": f"bytes={ranges}", **named})
            return answer.status, answer.body, answer.headers.get("content-range", "")

        assert part("1000-1999") == (206, LARGE[1000:2000], f"bytes 1000-1999/{len(LARGE)}")
        assert part("-100") == (206, LARGE[-100:], f"bytes {len(LARGE) - 100}-{len(LARGE) - 1}/{len(LARGE)}")
        assert part("0-9", If_Range=whole.headers["etag"])[:2] == (206, LARGE[:10])
        assert part("0-9", If_Range='"of another file"')[:2] == (200, LARGE)
        assert part(f"{len(LARGE)}-")[0] == 416
        assert front.ask("/large.bin", headers={"If-None-Match": whole.headers["etag"]}).status == 304

    def test_slow_clients_keep_nobody_waiting(self, front: Front) -> None:
        """200 that send headers or a delivery byte by byte, or read a large file so; gitblog has eight threads."""
        with ExitStack() as stack:
            clients = [stack.enter_context(slow_client(front, number)) for number in range(SLOW_CLIENTS)]
            for number in range(3):
                for client in clients:
                    client.dawdle()
                front.publish({"posts/first.md": post(f"Not slowed down {number}.")})
                answer = front.ask(POST)
                assert (answer.status, f"Not slowed down {number}." in answer.body.decode()) == (200, True)
            ends = [client.finish() for client in clients[:3]]

        assert [end[:12] for end in ends[:2]] == [b"HTTP/1.1 301", b"HTTP/1.1 401"]
        assert ends[2].endswith(LARGE[-1000:])

    def test_a_delivery_may_be_as_large_as_github_sends(self, front: Front) -> None:
        """Up to 25 MiB gitblog is asked, which refuses in words what it does not want; beyond, the front refuses."""
        revision = front.gitblog.tips[-1]
        small, large = front.deliver(revision), front.deliver(revision, padding=24 * MIB)
        assert small.status == 202
        # gitblog answers without reading it, and a front that still sends may miss that; it says so itself then.
        assert large.status in {413, 503}
        assert b"the change will be found at the next look" in large.body

        assert _refused_upload(front, DELIVERY, 26 * MIB).startswith(b"HTTP/1.1 413")
        assert _refused_upload(front, POST, MIB).startswith(b"HTTP/1.1 413")

    def test_every_other_address_leads_to_the_public_one_in_one_step(self, front: Front) -> None:
        """http, the apex, both, any other name; path and query are kept."""
        page = f"{POST}?a=b%20c"
        asked = [(HOST, False), (APEX, False), (APEX, True)]
        answers = [front.ask(page, secure=secure, headers={"Host": host}) for host, secure in asked]

        assert [(each.status, each.headers["location"]) for each in answers] == [(301, SITE_URL + page)] * 3
        assert front.ask(page).status == 200

    def test_what_programs_ask_answers_by_every_name_and_scheme(self, front: Front) -> None:
        """Probes and deliveries are not sent elsewhere: few of their senders would follow."""
        for host, secure in ((HOST, True), (APEX, True), (APEX, False)):
            assert front.ask("/-/healthz", secure=secure, headers={"Host": host}).status == 200
        assert front.deliver(front.gitblog.tips[-1], secure=False).status == 202

    def test_status_and_metrics_are_reached_and_their_details_are_the_owners(self, front: Front) -> None:
        """The token passes through, and no answer is kept for the next."""
        owner = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}
        for _ in range(2):
            closed, opened = (
                front.ask("/-/status", headers={"Accept": "application/json"}),
                front.ask("/-/status", headers=owner),
            )
            assert (closed.status, b"problems" in closed.body) == (200, False)
            assert (opened.status, b"problems" in opened.body) == (200, True)
            assert (front.ask("/-/metrics").status, front.ask("/-/metrics", headers=owner).status) == (401, 200)

    def test_https_is_what_it_should_be(self, front: Front) -> None:
        """Browsers are offered HTTP/2, and told to come back by HTTPS only."""
        context = front.certificates.context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with (
            socket.create_connection(("127.0.0.1", front.https_port), 30) as plain,
            context.wrap_socket(plain, server_hostname=HOST) as connection,
        ):
            assert (connection.selected_alpn_protocol(), connection.version()) == ("h2", "TLSv1.3")

        assert front.ask(POST).headers["strict-transport-security"] == "max-age=31536000"
        assert "strict-transport-security" not in front.ask(POST, secure=False).headers

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("X-Forwarded-Proto", "https"), ("X-Forwarded-Protocol", "ssl"), ("X-Forwarded-Ssl", "on"),
            ("X-Forwarded-Host", HOST), ("Forwarded", f"proto=https;host={HOST}"), ("X-Forwarded-Port", "443"),
            ("X-Forwarded-Prefix", "/2020"), ("SCRIPT_NAME", "/2020"), ("PATH_INFO", "/"), ("SCRIPT-NAME", "/2020"),
        ],
    )  # fmt: skip
    def test_what_only_a_front_may_say_is_not_believed_of_a_client(self, front: Front, name: str, value: str) -> None:
        """Asked for by http and by the apex, which is redirected whatever the client says."""
        answer = front.ask(POST, secure=False, headers={"Host": APEX, name: value})
        page = front.ask(POST, headers={name: value})

        assert (answer.status, answer.headers.get("location")) == (301, SITE_URL + POST)
        assert (page.status, page.body) == (200, front.ask(POST).body)

    def test_failed_signatures_are_counted_by_the_address_that_the_front_sees(self, front: Front) -> None:
        """A stranger who invents addresses is slowed down all the same."""
        wrong = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "push",
            "X-Hub-Signature-256": "sha256=" + "0" * 64,
        }
        statuses = [
            front.ask(DELIVERY, method="POST", body=b"{}", headers={**wrong, "X-Forwarded-For": f"192.0.2.{n}"}).status
            for n in range(12)
        ]

        assert statuses[-1] == 429

    def test_no_log_of_the_front_holds_a_secret(self, front: Front) -> None:
        """Neither a header, nor a body, nor a query; the requests themselves are there."""
        secret = "a-secret-that-nobody-may-read"
        headers = {"X-Gitlab-Token": secret, "Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        front.ask(f"/-/webhooks/gitlab?token={secret}", method="POST", body=f'"{secret}"'.encode(), headers=headers)
        front.ask(f"/search/?q={secret}", headers={"Cookie": secret, "Referer": f"{SITE_URL}/search/?q={secret}"})

        # A line is written after its answer is sent.
        assert secret not in front.logged_with("/-/webhooks/gitlab", "/search/")

    def test_while_gitblog_is_away_readers_are_told_when_to_come_back(self, lonely_front: Front) -> None:
        """503 in a sentence; what the front says of the failed delivery holds no secret either."""
        secret = "a-secret-that-nobody-may-read"
        headers = {"X-Gitlab-Token": secret, "Authorization": f"Bearer {secret}", "Cookie": secret}
        page = lonely_front.ask(POST, headers=headers)
        failed = lonely_front.ask("/-/webhooks/gitlab", method="POST", body=secret.encode(), headers=headers)

        assert [(each.status, each.headers["retry-after"]) for each in (page, failed)] == [(503, "5")] * 2
        assert (b"gitblog does not answer" in page.body, json.loads(failed.body)["reason"]) == (True, "no_answer")
        assert secret not in lonely_front.logged_with(POST, "/-/webhooks/gitlab")


@dataclass(slots=True)
class SlowClient:
    """Somebody whose line is bad: sends a byte at a time and, where all is sent, reads a byte at a time."""

    connection: socket.socket
    unsent: bytes

    def dawdle(self) -> None:
        """Send or read one byte."""
        if self.unsent:
            self.connection.sendall(self.unsent[:1])
            self.unsent = self.unsent[1:]
        else:
            assert len(self.connection.recv(1)) == 1

    def finish(self) -> bytes:
        """Send the rest, and read until the front closes; gives what came."""
        self.connection.sendall(self.unsent)
        return _read_all(self.connection)


@contextmanager
def slow_client(front: Front, number: int) -> Iterator[SlowClient]:
    """Connect the slow client of this number: of fifteen one reads, seven send headers and seven a delivery."""
    head = f"HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n"
    signed = f"Content-Type: application/json\r\nX-GitHub-Event: push\r\nX-Hub-Signature-256: sha256={0:064}\r\n"
    at_once, later, secure = (
        (f"GET {POST} ", f"{head}\r\n", False),
        (f"POST {DELIVERY} {head}{signed}Content-Length: 100\r\n\r\n", "x" * 100, False),
        (f"GET /large.bin {head}\r\n", "", True),
    )[2 if number % 15 == 2 else number % 2]
    with front.connect(HOST if secure else "", receive_bytes=4096) as connection:
        connection.sendall(at_once.encode())
        yield SlowClient(connection, later.encode())


def _refused_upload(front: Front, path: str, size: int) -> bytes:
    """Send a body until the front has had enough; gives its answer."""
    with front.connect(HOST) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
        connection.sendall(head.encode())
        # It may answer and close before all is there.
        with suppress(OSError):
            connection.sendall(bytes(size))
        return _read_all(connection)


def _read_all(connection: socket.socket) -> bytes:
    received = bytearray()
    # Who closes a connection on which more came may reset it after the answer.
    with suppress(ConnectionResetError, ssl.SSLError):
        while piece := connection.recv(65_536):
            received += piece
    return bytes(received)
