"""The embedded MQTT broker: rumqttd from the package `iotcore`, in a child process on the loopback interface.

Why this one, and what it cannot do: docs/adr/0045. Every start makes new random credentials, so nobody can publish or
listen whom the hub has not given them to. A broker that dies is started again on the same port.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import mqtt5

from sensors_bridge.mqtt import BrokerAddress

log = logging.getLogger("sensors_bridge.broker")

_CHILD = Path(__file__).with_name("broker_child.py")


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """Bounds of the embedded broker. `backlog_bytes` of messages are kept for a bridge that is away or behind.

    `unacknowledged` is how many messages are sent ahead of acknowledgements: rumqttd ignores the client's Receive
    Maximum, so it is set here. `port` None takes a free one.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    connections: int = 10_000
    payload_bytes: int = 131_072
    unacknowledged: int = 1_000
    backlog_bytes: int = 64 * 1024 * 1024
    start_timeout_s: float = 10.0


class BrokerFailed(RuntimeError):
    """The embedded broker did not start."""


class EmbeddedBroker:
    """`async with EmbeddedBroker() as broker:` … `broker.address` is where the bridge and the devices connect."""

    def __init__(self, settings: BrokerSettings | None = None) -> None:
        self.settings = settings or BrokerSettings()
        self.restarts = 0
        self._user = "hub"
        self._password = secrets.token_urlsafe(24)
        self._port = self.settings.port or 0
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def address(self) -> BrokerAddress:
        """Address and this start's credentials."""
        return BrokerAddress(self.settings.host, self._port, self._user, self._password)

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start, and return when the broker answers. Raises BrokerFailed."""
        attempts = 1 if self.settings.port else 3
        for attempt in range(attempts):
            if not self.settings.port:
                self._port = _free_port(self.settings.host)
            try:
                await self._launch()
                break
            except BrokerFailed:
                if attempt == attempts - 1:
                    raise
        self._watch = asyncio.create_task(self._keep_running(), name="embedded-broker")
        log.info("embedded broker on %s", self.address.shown)

    async def aclose(self) -> None:
        """Stop the broker and free its port. Safe to call twice."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        await self._end()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _launch(self) -> None:
        with tempfile.TemporaryDirectory(prefix="hub-broker-") as folder:  # mode 0700: the password is in the file
            config = Path(folder) / "rumqttd.toml"
            config.write_text(self._configuration())
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                str(_CHILD),
                str(config),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the hub, which stops the broker after the bridge has drained
            )
            try:
                async with asyncio.timeout(self.settings.start_timeout_s):
                    while not await answers(self.address):
                        if self._process.returncode is not None:
                            raise BrokerFailed(f"the broker ended with status {self._process.returncode}")
                        await asyncio.sleep(0.02)
            except TimeoutError as error:
                raise BrokerFailed(f"the broker did not answer in {self.settings.start_timeout_s:.0f} s") from error
            except BrokerFailed:
                raise
            finally:
                if sys.exc_info()[0] is not None:
                    await self._end()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(3):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        if process.stdin is not None:
            process.stdin.close()

    async def _keep_running(self) -> None:
        pause = 0.1
        while True:
            if self._process is not None:
                status = await self._process.wait()
                log.error("embedded broker ended with status %d; starting it again", status)
            try:
                await self._launch()
                self.restarts += 1
                pause = 0.1
            except BrokerFailed as problem:
                log.error("embedded broker: %s; again in %.1f s", problem, pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 10.0)

    def _configuration(self) -> str:
        settings = self.settings
        segments = 8
        return (
            f"id = 0\n[router]\nid = 0\nmax_connections = {settings.connections}\nmax_outgoing_packet_count = 200\n"
            f"max_segment_size = {settings.backlog_bytes // segments}\nmax_segment_count = {segments}\n"
            f'[v5.1]\nname = "devices"\nlisten = "{settings.host}:{self._port}"\nnext_connection_delay_ms = 1\n'
            f"[v5.1.connections]\nconnection_timeout_ms = 10000\nmax_payload_size = {settings.payload_bytes}\n"
            f"max_inflight_count = {settings.unacknowledged}\ndynamic_filters = true\n"
            f'[v5.1.connections.auth]\n{self._user} = "{self._password}"\n'
        )


async def answers(address: BrokerAddress, timeout_s: float = 1.0) -> bool:
    """Whether a broker that knows these credentials takes an MQTT 5 connection there (TLS not supported)."""
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(address.host, address.port)
            password = None if address.password is None else address.password.encode()
            hello = mqtt5.ConnectPacket(
                f"probe-{secrets.token_hex(8)}",
                username=address.user,
                password=password,
                clean_start=True,
                keep_alive=5,
            )
            writer.write(hello.write())
            packet, _ = mqtt5.read(memoryview(await reader.read(1024)))
            if not isinstance(packet, mqtt5.ConnAckPacket) or int(packet.reason_code) != 0:
                return False
            writer.write(mqtt5.DisconnectPacket().write())
            await writer.drain()
            return True
    except (OSError, TimeoutError, IndexError, ValueError):
        return False
    finally:
        if writer is not None:
            writer.close()


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
