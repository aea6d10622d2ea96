"""Where messages come from: the broker's address, and the source protocol that both MQTT clients follow.

The order that keeps every message: take a batch, store it, then acknowledge its tokens. What is not acknowledged the
broker sends again, after a lost connection or a killed bridge. The broker sends at most `receive_maximum` messages
ahead of the acknowledgements, which is the back-pressure.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import ssl
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, NamedTuple, Protocol, Self
from urllib.parse import parse_qs, unquote, urlsplit

from sensors_bridge.topics import READINGS_FILTER

log = logging.getLogger("sensors_bridge.mqtt")

Token = tuple[int, int] | None
"""What acknowledges a message: (connection number, packet id); None for QoS 0, which needs none."""


class Message(NamedTuple):
    """One MQTT message as it came."""

    topic: str
    payload: bytes
    token: Token


class MqttSource(Protocol):
    """Messages from a broker, for ever: a source reconnects by itself.

    `async with source:` starts and ends the connection. `batches` yields what came since the last batch, never an empty
    one, and ends when the source is closed.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def batches(self) -> AsyncIterator[Sequence[Message]]: ...

    def acknowledge(self, tokens: Iterable[Token]) -> None:
        """Acknowledge messages in the order they came. Tokens of an earlier connection are forgotten."""

    @property
    def status(self) -> SourceStatus: ...


@dataclass(slots=True)
class SourceStatus:
    """Counters of one source since it was made."""

    connected: bool = False
    connections: int = 0
    failures: int = 0
    dropped_qos0: int = 0
    last_problem: str = ""


class BadBrokerUrl(ValueError):
    """The URL names no MQTT broker."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Host, port, credentials and TLS of a broker. The password does not show in `repr` or `shown`."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None

    @classmethod
    def parse(cls, url: str) -> BrokerAddress:
        """Read `mqtt://[user[:password]@]host[:port]`, or `mqtts://` for TLS, which may add `?ca=&cert=&key=` (files).

        Raises BadBrokerUrl.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BadBrokerUrl(f"not a broker URL: {error}") from error
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or parts.path not in ("", "/"):
            raise BadBrokerUrl("expected mqtt://host:port or mqtts://host:port")
        tls = parts.scheme == "mqtts"
        files = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        unknown = sorted(set(files) - {"ca", "cert", "key"})
        if unknown or (files and not tls):
            raise BadBrokerUrl(f"unknown in a {parts.scheme} URL: {', '.join(unknown or sorted(files))}")
        return cls(
            host=parts.hostname,
            port=port or (8883 if tls else 1883),
            user=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
            tls=tls,
            ca_file=files.get("ca"),
            certificate_file=files.get("cert"),
            key_file=files.get("key"),
        )

    @property
    def shown(self) -> str:
        """The address for a log line: without the password."""
        user = "" if self.user is None else f"{self.user}@"
        return f"{'mqtts' if self.tls else 'mqtt'}://{user}{self.host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext | None:
        """The TLS context, with the system's authorities unless a CA file is given. Raises OSError, ssl.SSLError."""
        if not self.tls:
            return None
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.certificate_file is not None:
            context.load_cert_chain(self.certificate_file, self.key_file)
        return context


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """How a source connects. Times in seconds.

    The broker keeps the session `session_expiry_s` after the connection is lost, with the messages that arrive
    meanwhile. `client_id` names the session: two bridges with one id would end each other's connection. With `share`
    the subscription is `$share/<share>/…`.
    """

    client_id: str = "hub-bridge"
    topic_filter: str = READINGS_FILTER
    share: str | None = None
    receive_maximum: int = 1_000
    packet_bytes: int = 131_072
    session_expiry_s: int = 86_400
    keep_alive_s: int = 30
    connect_timeout_s: float = 10.0
    first_retry_s: float = 0.1
    slowest_retry_s: float = 10.0

    @property
    def subscription(self) -> str:
        return self.topic_filter if self.share is None else f"$share/{self.share}/{self.topic_filter}"


class ConnectionLost(Exception):
    """The session with the broker could not be made or has ended; the text says why."""


class ReconnectingSource(ABC):
    """What both clients share: the pending messages, and connecting again with growing, jittered pauses."""

    def __init__(self, address: BrokerAddress, settings: SourceSettings | None = None) -> None:
        self.address = address
        self.settings = settings or SourceSettings()
        self._status = SourceStatus()
        self._pending: list[Message] = []
        self._arrived = asyncio.Event()
        self._closed = False
        self._connecting: asyncio.Task[None] | None = None

    @property
    def status(self) -> SourceStatus:
        return self._status

    async def __aenter__(self) -> Self:
        self._connecting = asyncio.create_task(self._stay_connected(), name="mqtt-source")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self._arrived.set()
        if self._connecting is not None:
            self._connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._connecting

    async def batches(self) -> AsyncIterator[Sequence[Message]]:
        while not self._closed:
            await self._arrived.wait()
            self._arrived.clear()
            if self._pending:
                batch, self._pending = self._pending, []
                self._drained()
                yield batch

    def acknowledge(self, tokens: Iterable[Token]) -> None:
        current = self._status.connections
        packets = [token[1] for token in tokens if token is not None and token[0] == current]
        if packets:
            self._send_acknowledgements(packets)

    def _drained(self) -> None:  # noqa: B027
        """The pending messages have been taken; a client that had stopped reading goes on."""

    @abstractmethod
    async def _session(self) -> None:
        """Connect, subscribe, call `_established`, then `_deliver` what comes. Always ends in ConnectionLost."""

    @abstractmethod
    def _send_acknowledgements(self, packets: Sequence[int]) -> None:
        """Send a PUBACK for each packet id of this connection."""

    def _established(self) -> None:
        self._status.connected = True
        log.info("connected to %s, listening to %s", self.address.shown, self.settings.subscription)

    def _deliver(self, topic: str, payload: bytes, packet: int | None) -> None:
        token = None if packet is None else (self._status.connections, packet)
        self._pending.append(Message(topic, payload, token))
        self._arrived.set()

    async def _stay_connected(self) -> None:
        pause = self.settings.first_retry_s
        while True:
            self._status.connections += 1
            try:
                await self._session()
            except ConnectionLost as problem:
                if self._status.connected:
                    pause = self.settings.first_retry_s
                self._status.failures += 1
                self._status.last_problem = str(problem)
                log.warning("no connection to %s: %s; again in about %.1f s", self.address.shown, problem, pause)
            except Exception as defect:  # a client library's surprise must not end the bridge's only source
                self._status.failures += 1
                self._status.last_problem = repr(defect)
                log.exception("the MQTT client failed; again in about %.1f s", pause)
            finally:
                self._status.connected = False
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
            pause = min(pause * 2, self.settings.slowest_retry_s)


def open_source(
    address: BrokerAddress, settings: SourceSettings | None = None, client: Literal["aiomqtt", "fast"] = "aiomqtt"
) -> MqttSource:
    """A source by client: `aiomqtt` (paho underneath) or `fast` (mqtt5, about fifty times less CPU a message)."""
    if client == "fast":
        from sensors_bridge.mqtt_fast import FastSource

        return FastSource(address, settings)
    from sensors_bridge.mqtt_aiomqtt import AiomqttSource

    return AiomqttSource(address, settings)
