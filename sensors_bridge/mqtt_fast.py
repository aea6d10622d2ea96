"""The fast source: an asyncio Protocol over the sans-I/O package `mqtt5`. MQTT 5 only.

One read of the socket gives a list of messages, and the acknowledgements of a stored batch leave in one write. When the
bridge falls behind, reading stops and TCP holds the broker back, so it is bounded also with a broker that ignores
Receive Maximum.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import mqtt5

from sensors_bridge.mqtt import BrokerAddress, ConnectionLost, ReconnectingSource, SourceSettings, log

_PUBLISH = 3  # packet type in the upper four bits of the first byte (MQTT 5, 2.1.2)
_REFUSED = 128  # reason codes from here on are refusals (MQTT 5, 2.4)


class FastSource(ReconnectingSource):
    """See MqttSource."""

    def __init__(self, address: BrokerAddress, settings: SourceSettings | None = None) -> None:
        super().__init__(address, settings)
        self._connection: _Connection | None = None

    async def _session(self) -> None:
        loop = asyncio.get_running_loop()
        connection = _Connection(self)
        transport: asyncio.BaseTransport | None = None
        self._connection = connection
        try:
            async with asyncio.timeout(self.settings.connect_timeout_s):
                transport, _ = await loop.create_connection(
                    lambda: connection, self.address.host, self.address.port, ssl=self.address.tls_context()
                )
                await connection.subscribed
            self._established()
            await connection.keep_alive()
        except (OSError, TimeoutError) as error:
            raise ConnectionLost(str(error) or "no answer in time") from error
        finally:
            self._connection = None
            connection.leave()
            if transport is not None:
                transport.close()
        raise ConnectionLost("the session ended")

    def _send_acknowledgements(self, packets: Sequence[int]) -> None:
        if self._connection is not None:
            self._connection.acknowledge(packets)

    def _drained(self) -> None:
        if self._connection is not None:
            self._connection.resume()

    def arrived(self, packet: mqtt5.PublishPacket) -> int:
        """Take a message; returns how many are pending now."""
        self._deliver(packet.topic, packet.payload, packet.packet_id)
        return len(self._pending)


class _Connection(asyncio.Protocol):
    """One connection, from CONNECT to its loss."""

    def __init__(self, source: FastSource) -> None:
        loop = asyncio.get_running_loop()
        self.subscribed: asyncio.Future[None] = loop.create_future()
        self._lost: asyncio.Future[None] = loop.create_future()
        for future in (self.subscribed, self._lost):
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._loop = loop
        self._source = source
        self._settings = source.settings
        self._keep_alive = float(source.settings.keep_alive_s)
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._heard = loop.time()
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        address, settings = self._source.address, self._settings
        connect = mqtt5.ConnectPacket(
            settings.client_id,
            username=address.user,
            password=None if address.password is None else address.password.encode(),
            clean_start=False,
            keep_alive=settings.keep_alive_s,
            session_expiry_interval=settings.session_expiry_s,
            receive_max=settings.receive_maximum,
            max_packet_size=settings.packet_bytes,
        )
        self._transport.write(connect.write())

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        buffer = memoryview(self._rest + data if self._rest else data)
        position, size = 0, len(buffer)
        pending = 0
        while position < size:
            try:
                packet, length = mqtt5.read(buffer[position:])
            except IndexError:
                break
            except BaseException as error:
                if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                    raise
                salvaged = salvage(bytes(buffer[position : position + self._settings.packet_bytes + 5]))
                if salvaged is None:
                    self._fail(f"an unreadable packet came: {error}")
                    return
                packet, length = salvaged
            position += length
            if isinstance(packet, mqtt5.PublishPacket):
                pending = self._source.arrived(packet)
            else:
                self._control(packet)
        self._rest = bytes(buffer[position:])
        if len(self._rest) > self._settings.packet_bytes + 5:
            self._fail(f"a packet of more than {self._settings.packet_bytes} bytes came")
        elif pending >= self._settings.receive_maximum and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def _control(self, packet: mqtt5.Packet) -> None:
        if isinstance(packet, mqtt5.ConnAckPacket):
            if int(packet.reason_code) >= _REFUSED:
                self._fail(f"the broker refused the connection: {packet.reason_code.name} {packet.reason_str or ''}")
                return
            if packet.server_keep_alive is not None:
                self._keep_alive = float(packet.server_keep_alive)
            wanted = mqtt5.TopicFilter(self._settings.subscription, max_qos=mqtt5.QoS.AT_LEAST_ONCE)
            self._write(mqtt5.SubscribePacket(1, [wanted]).write())
        elif isinstance(packet, mqtt5.SubAckPacket):
            refused = [code.name for code in packet.reason_codes if int(code) >= _REFUSED]
            if refused:
                self._fail(f"the broker refused the subscription: {', '.join(refused)}")
            elif not self.subscribed.done():
                self.subscribed.set_result(None)
        elif isinstance(packet, mqtt5.DisconnectPacket):
            self._fail(f"the broker ended the connection: {packet.reason_code.name} {packet.reason_str or ''}")

    async def keep_alive(self) -> None:
        """Ping while the connection lives. Raises ConnectionLost."""
        pause = self._keep_alive / 2 if self._keep_alive else 3600.0
        while True:
            await asyncio.wait((self._lost,), timeout=pause)
            if self._lost.done():
                self._lost.result()
            if self._keep_alive and not self._paused and self._loop.time() - self._heard > 1.5 * self._keep_alive:
                raise ConnectionLost(f"nothing heard for {1.5 * self._keep_alive:.0f} s")
            self._write(mqtt5.PingReqPacket().write())

    def acknowledge(self, packets: Sequence[int]) -> None:
        self._write(b"".join([mqtt5.PubAckPacket(packet).write() for packet in packets]))

    def resume(self) -> None:
        if self._paused and self._transport is not None:
            self._paused = False
            self._heard = self._loop.time()
            self._transport.resume_reading()

    def leave(self) -> None:
        """Say goodbye; the broker keeps the session."""
        if not self._lost.done():
            self._write(mqtt5.DisconnectPacket().write())

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(str(error) if error else "the broker closed the connection")

    def _fail(self, reason: str) -> None:
        for future in (self.subscribed, self._lost):
            if not future.done():
                future.set_exception(ConnectionLost(reason.strip()))
        if self._transport is not None:
            self._transport.abort()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


def salvage(data: bytes) -> tuple[mqtt5.PublishPacket, int] | None:
    """A PUBLISH that `mqtt5` will not read, with its text repaired, and its length; None if it is something else.

    Some broker let it through (rumqttd takes U+0000 in a topic); failing on it would mean failing again on every
    redelivery. The repaired topic is no readings topic, so the message ends as a dead letter. MQTT 5, 3.3.
    """
    try:
        if data[0] >> 4 != _PUBLISH:
            return None
        size, start = _variable(data, 1)
        topic_end = start + 2 + int.from_bytes(data[start : start + 2], "big")
        position, packet_id = topic_end, None
        if data[0] & 0b0110:
            packet_id = int.from_bytes(data[position : position + 2], "big")
            position += 2
        properties, position = _variable(data, position)
        payload, end = data[position + properties : start + size], start + size
    except IndexError:
        return None
    if end > len(data) or topic_end > end or packet_id == 0:
        return None
    topic = data[start + 2 : topic_end].decode("utf-8", "replace").replace("\x00", "\ufffd")
    qos = mqtt5.QoS.AT_MOST_ONCE if packet_id is None else mqtt5.QoS.AT_LEAST_ONCE
    log.warning("a malformed message came on topic %.200r", topic)
    return mqtt5.PublishPacket(topic or "\ufffd", payload, qos=qos, packet_id=packet_id), end


def _variable(data: bytes, position: int) -> tuple[int, int]:
    """A variable byte integer (MQTT 5, 1.5.5) and the position after it. Raises IndexError when cut off."""
    value, shift = 0, 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if not byte & 0x80:
            return value, position
        if shift > 21:
            raise IndexError(position)
