"""What one request costs the server: cached, made anew, not modified, not found."""

from __future__ import annotations

import http.client
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.blogs import LONG_WORDS, Blog, make_blog
from benchmarks.processes import processor_seconds
from benchmarks.results import Row
from benchmarks.service import Service, content_server, run_command, running, service_environment, wait_until_up
from benchmarks.workbench import Workbench

_CLIENTS = 4


def page_speed(bench: Workbench) -> tuple[list[Row], list[str]]:
    """What does a request cost, when its page is cached, made anew, not modified or not found?

    Four clients on kept-alive connections in a closed loop, in one Python process that needs a processor too: so
    the server's own processor time (cpu_us) says more than ms. The peer is the smallest Flask application that
    answers the same bytes under the same gunicorn; ratio compares cpu_us with it.
    """
    runs = bench.options.runs or bench.choose(quick=1, default=3, full=5)
    requests = bench.choose(quick=100, default=2_000, full=5_000)
    fresh = bench.choose(quick=20, default=200, full=400)
    blog = make_blog(bench.new_folder() / "served" / "blog.git", fresh * runs + 10, LONG_WORDS)
    rows = []
    for kind in bench.options.databases:
        bench.say(f"{runs} runs of {requests} requests on {kind}")
        rows.extend(_measure(bench, blog, kind, (runs, requests, fresh)))
    return rows, []


def _measure(bench: Workbench, blog: Blog, kind: str, amounts: tuple[int, int, int]) -> list[Row]:
    runs, requests, fresh = amounts
    with content_server(blog.path) as content:
        environment = service_environment(content, bench.new_database(kind), bench.new_folder() / "data")
        run_command(environment, "sync")
    # Nobody syncs while it is measured.
    environment["SYNC_MODE"] = "worker"
    page = blog.address(blog.posts - 1)
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with running(environment) as service:
        wait_until_up(service)
        body, tag = _first(service, page)
        for number in range(runs):
            new = [blog.address(number * fresh + each) for each in range(fresh)]
            found["cached"].append(_load(service, [page] * requests, 200))
            found["cached, as br"].append(_load(service, [page] * requests, 200, {"Accept-Encoding": "br"}))
            found["made anew"].append(_load(service, new[::2], 200))
            found["made anew, as br"].append(_load(service, new[1::2], 200, {"Accept-Encoding": "br"}))
            found["not modified"].append(_load(service, [page] * requests, 304, {"If-None-Match": tag}))
            found["not found"].append(_load(service, ["/nothing/here/"] * fresh, 404))
    peer_page = bench.new_folder() / "page.html"
    peer_page.write_bytes(body)
    with running({**environment, "BENCH_PAGE": str(peer_page)}, "benchmarks.smallest:create_app()") as service:
        wait_until_up(service)
        _first(service, "/")
        found["smallest Flask"] = [_load(service, ["/"] * requests, 200) for _ in range(runs)]
    return _rows(kind, found)


def _rows(kind: str, found: Mapping[str, Sequence[tuple[float, float]]]) -> list[Row]:
    peer = median(cpu for _, cpu in found["smallest Flask"])
    rows = []
    for name, each in found.items():
        seconds, cpu = median(wall for wall, _ in each), median(used for _, used in each)
        figures = {"ms": 1000 * seconds, "cpu_us": 1_000_000 * cpu, "ratio": cpu / peer}
        rows.append(Row(f"{kind}, {name}", figures))
    return rows


def _first(service: Service, address: str) -> tuple[bytes, str]:
    """Ask an address until both processes have had it to keep; give its body and ETag."""
    for _ in range(50):
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
        connection.request("GET", address)
        answer = connection.getresponse()
        body, tag = answer.read(), answer.headers.get("ETag", "")
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{address} answered {answer.status}")
    return body, tag


def _load(
    service: Service, addresses: Sequence[str], status: int, headers: Mapping[str, str] | None = None
) -> tuple[float, float]:
    """Ask every address once; give the seconds and the server's processor seconds of one request."""
    failures: list[str] = []
    parts = [addresses[number::_CLIENTS] for number in range(_CLIENTS)]
    threads = [
        threading.Thread(target=_ask_all, args=(service.port, part, status, dict(headers or {}), failures))
        for part in parts
    ]
    used, began = processor_seconds(service.process), time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, used = time.monotonic() - began, processor_seconds(service.process) - used
    if failures:
        raise RuntimeError(f"{len(failures)} of {len(addresses)} requests failed; the first: {failures[0]}")
    return seconds / len(addresses), used / len(addresses)


def _ask_all(port: int, addresses: Sequence[str], status: int, headers: dict[str, str], failures: list[str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for address in addresses:
        try:
            connection.request("GET", address, headers=headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as exc:
            failures.append(f"{address}: {exc!r}")
            connection.close()
            continue
        if answer.status != status:
            failures.append(f"{address} answered {answer.status}, not {status}")
    connection.close()
