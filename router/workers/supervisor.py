"""The parent of several workers: starts them, starts them again, reloads the supergraph for all, ends all.

Each worker is a fork that has the parsed supergraph already and a socket of its own on the shared port. Over a socket
pair the parent sends the text of a new supergraph (8 bytes of length before it); the worker sends lines: ``ready``,
``replaced``, ``failed``. When the parent is gone the pair ends, and the worker drains.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from router.federation.supergraph import Supergraph
from router.workers.alone import Say, refused_line
from router.workers.supergraph_file import LoadedSupergraph, RefusedSupergraph, SupergraphFile
from router.workers.worker import Worker

log = logging.getLogger("router")

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 10.0
"""Running for longer, a worker that ends is started again at once-like speed: its next failure counts as the first."""
KILL_S = 5.0
"""Beyond the time requests have to end."""
SEND_S = 10.0
LENGTH_BYTES = 8

Work = Callable[[Supergraph, socket.socket], None]
"""What a forked process does: serve this supergraph, obey that socket, return when drained."""


@dataclass(slots=True)
class _Slot:
    """One worker, running or waiting for its next start."""

    number: int
    pid: int = 0
    control: socket.socket | None = None
    received: bytes = b""
    ready: bool = False
    started_at: float = 0.0
    start_at: float = 0.0
    failures: int = 0
    answers: list[str] = field(default_factory=list)


class Supervisor:
    """``run`` until SIGTERM or SIGINT. SIGHUP reloads, SIGUSR1 prints a line about the workers."""

    def __init__(
        self, file: SupergraphFile, loaded: LoadedSupergraph, work: Work, *, count: int, drain_s: float, watch_s: float
    ) -> None:
        self._file = file
        self._loaded = loaded
        self._work = work
        self._drain_s = drain_s
        self._watch_s = watch_s
        self._slots = [_Slot(number) for number in range(1, count + 1)]
        self._selector = selectors.DefaultSelector()
        self._was_ready = False
        self._failed = False
        self._stopping = 0
        self._kill_at = 0.0

    def run(self) -> int:
        """The exit status: 0, or 1 when no worker could be started."""
        wake_out, wake_in = socket.socketpair()
        for end in (wake_out, wake_in):
            end.setblocking(False)
        signal.set_wakeup_fd(wake_in.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        self._selector.register(wake_out, selectors.EVENT_READ, None)
        look_at = time.monotonic() + self._watch_s
        while True:
            self._start_due(wake_in, wake_out)
            for key, _ in self._selector.select(0.2 if self._stopping or self._watch_s else self._pause()):
                if key.data is None:
                    self._take_signals(wake_out)
                else:
                    self._listen_to(key.data)
            self._bury()
            if self._stopping and not any(slot.pid for slot in self._slots):
                return 1 if self._failed else 0
            if self._stopping and time.monotonic() > self._kill_at:
                self._signal_all(signal.SIGKILL)
            if self._watch_s and time.monotonic() >= look_at:
                look_at = time.monotonic() + self._watch_s
                if self._file.changed():
                    self._reload()

    def _pause(self) -> float | None:
        """Seconds until the next worker is to be started; None when all run."""
        waiting = [slot.start_at for slot in self._slots if not slot.pid]
        return max(0.0, min(waiting) - time.monotonic()) if waiting else None

    def _start_due(self, *inherited: socket.socket) -> None:
        for slot in self._slots:
            if not slot.pid and not self._stopping and time.monotonic() >= slot.start_at:
                self._start(slot, inherited)

    def _start(self, slot: _Slot, inherited: tuple[socket.socket, ...]) -> None:
        ours, theirs = socket.socketpair()
        gc.collect()
        gc.freeze()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            os._exit(self._be_worker(theirs, (ours, *inherited)))
        gc.unfreeze()
        theirs.close()
        ours.settimeout(SEND_S)
        slot.pid, slot.control, slot.received, slot.ready = pid, ours, b"", False
        slot.started_at = time.monotonic()
        self._selector.register(ours, selectors.EVENT_READ, slot)

    def _be_worker(self, control: socket.socket, inherited: tuple[socket.socket, ...]) -> int:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        for number in (signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, signal.SIG_IGN)
        self._selector.close()
        for one in inherited:
            one.close()
        for slot in self._slots:
            if slot.control is not None:
                slot.control.close()
        try:
            self._work(self._loaded.supergraph, control)
        except OSError as error:
            say(f"a worker cannot serve: {error.strerror or error}")
            return 1
        except BaseException:
            traceback.print_exc()
            return 1
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
        return 0

    def _take_signals(self, wake: socket.socket) -> None:
        for number in wake.recv(256):
            if number in (signal.SIGTERM, signal.SIGINT):
                self._stop()
            elif number == signal.SIGHUP and not self._stopping:
                self._reload()
            elif number == signal.SIGUSR1:
                self._tell()

    def _listen_to(self, slot: _Slot) -> None:
        assert slot.control is not None
        try:
            data = slot.control.recv(4096)
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(slot.control)
            slot.control.close()
            slot.control = None
            return
        *lines, slot.received = (slot.received + data).split(b"\n")
        for line in lines:
            if line == b"ready":
                slot.ready = self._was_ready = True
                if all(one.ready for one in self._slots):
                    self._tell()
            else:
                say(f"worker {slot.number} (pid {slot.pid}): supergraph {line.decode('ascii', 'replace')}")

    def _bury(self) -> None:
        for slot in self._slots:
            if not slot.pid:
                continue
            pid, status = os.waitpid(slot.pid, os.WNOHANG)
            if pid:
                self._ended(slot, os.waitstatus_to_exitcode(status))

    def _ended(self, slot: _Slot, status: int) -> None:
        pid, slot.pid, slot.ready = slot.pid, 0, False
        if slot.control is not None:
            self._selector.unregister(slot.control)
            slot.control.close()
            slot.control = None
        if self._stopping:
            return
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        if not self._was_ready:
            say(f"worker {slot.number} (pid {pid}) {how} before it served")
            self._failed = True
            self._stop()
            return
        now = time.monotonic()
        slot.failures = 1 if now - slot.started_at > STEADY_S else slot.failures + 1
        pause = min(FIRST_PAUSE_S * 2 ** (slot.failures - 1), LONGEST_PAUSE_S)
        slot.start_at = now + pause
        say(f"worker {slot.number} (pid {pid}) {how}; started again in {pause:g} s")

    def _reload(self) -> None:
        try:
            self._loaded = self._file.load()
        except RefusedSupergraph as refused:
            say(refused_line(refused))
            return
        text = self._loaded.text.encode()
        for slot in self._slots:
            if slot.control is not None:
                try:
                    slot.control.sendall(len(text).to_bytes(LENGTH_BYTES, "big") + text)
                except OSError:
                    # It hears nothing any more; its successor begins with the new supergraph.
                    with suppress(ProcessLookupError):
                        os.kill(slot.pid, signal.SIGKILL)
        say("supergraph read; the workers are told")

    def _stop(self) -> None:
        self._stopping += 1
        self._kill_at = time.monotonic() + (self._drain_s + KILL_S if self._stopping == 1 else 0.0)
        self._signal_all(signal.SIGTERM)

    def _signal_all(self, number: signal.Signals) -> None:
        for slot in self._slots:
            if slot.pid:
                with suppress(ProcessLookupError):
                    os.kill(slot.pid, number)

    def _tell(self) -> None:
        now = time.monotonic()
        ready = sum(slot.ready for slot in self._slots)
        each = ", ".join(
            f"{slot.number} (pid {slot.pid}, {now - slot.started_at:.0f} s)" if slot.pid else f"{slot.number} (waiting)"
            for slot in self._slots
        )
        say(f"{ready} of {len(self._slots)} workers ready: {each}")


async def obey(worker: Worker, control: socket.socket, read: Callable[[str], Supergraph]) -> None:
    """Serve as a worker of a supervisor until told to stop, or until the supervisor is gone."""
    control.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=control, limit=2**20)
    worker.started = lambda: writer.write(b"ready\n")
    listening = asyncio.create_task(_take_supergraphs(worker, reader, writer, read), name="supervisor")
    try:
        await worker.serve()
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        writer.close()


async def _take_supergraphs(
    worker: Worker, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, read: Callable[[str], Supergraph]
) -> None:
    while True:
        try:
            length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
            text = (await reader.readexactly(length)).decode()
        except (asyncio.IncompleteReadError, OSError):
            worker.stop()
            return
        try:
            await worker.replace(lambda text=text: read(text))  # type: ignore[misc]
        except Exception:
            log.exception("the supergraph could not be replaced")
            writer.write(b"failed\n")
        else:
            writer.write(b"replaced\n")


def say(text: str) -> None:
    """One line for who runs the router."""
    sys.stderr.write(f"router: {text}\n")
    sys.stderr.flush()


__all__ = ["Say", "Supervisor", "obey", "say"]
