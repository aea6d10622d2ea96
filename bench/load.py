"""A load generator and the CPU time of the process it loads: shared by the benchmarks, not one itself.

Each connection keeps one request in flight on a keep-alive HTTP/1.1 connection; bytes are read with httptools, so that
the generator costs little next to what it measures.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httptools

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: requests answered, seconds, latencies in ms, CPU seconds of the loaded process, its memory in MB."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu_s: float
    memory_mb: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds a request."""
        return self.cpu_s * 1000 / self.requests

    def row(self, name: str) -> str:
        """One line of the table under ``HEADER``."""
        return (
            f"{name:28} {self.per_second:10.1f} {self.p50_ms:9.2f} {self.p99_ms:9.2f} "
            f"{self.cpu_ms:12.3f} {self.memory_mb:10.0f}"
        )


HEADER = f"{'':28} {'requests/s':>10} {'p50 ms':>9} {'p99 ms':>9} {'CPU ms/req':>12} {'memory MB':>10}"


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, of all its threads, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def http_request(
    host: str, path: str, body: bytes, headers: dict[str, str], content_type: str = "application/json"
) -> bytes:
    """One POST as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", f"host: {host}", f"content-type: {content_type}", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Connection(asyncio.Protocol):
    def __init__(self, requests: list[bytes], until: float, latencies: list[float]) -> None:
        self._requests = requests
        self._until = until
        self._latencies = latencies
        self._next = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio.Transport.
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpResponseParser(self)
        self._send()

    def _send(self) -> None:
        self._started = time.perf_counter()
        self._transport.write(self._requests[self._next % len(self._requests)])
        self._next += 1

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        if self._parser.get_status_code() != 200:
            self._finish(RuntimeError(f"answered with status {self._parser.get_status_code()}"))
            return
        self._latencies.append((now - self._started) * 1000)
        self._parser = httptools.HttpResponseParser(self)
        if now < self._until:
            self._send()
        else:
            self._finish(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._finish(error or ConnectionError("closed by the server"))

    def _finish(self, error: Exception | None) -> None:
        if not self.done.done():
            if error is None:
                self.done.set_result(None)
            else:
                self.done.set_exception(error)
            self._transport.close()


async def load(host: str, port: int, requests: list[bytes], *, connections: int, seconds: float, pid: int) -> Measured:
    """Send ``requests`` in turn on every connection for ``seconds``; raises on any answer that is not 200."""
    latencies: list[float] = []
    loop = asyncio.get_running_loop()
    began, cpu = time.perf_counter(), cpu_seconds(pid)
    made = [
        await loop.create_connection(lambda: _Connection(requests, began + seconds, latencies), host, port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in made))
    took, used = time.perf_counter() - began, cpu_seconds(pid) - cpu
    ordered = sorted(latencies)
    at = lambda share: ordered[min(len(ordered) - 1, int(len(ordered) * share))]  # noqa: E731
    return Measured(len(latencies), took, at(0.5), at(0.99), used, memory_mb(pid))
