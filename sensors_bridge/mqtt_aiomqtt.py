"""The source on aiomqtt, with manual acknowledgement.

As documented, aiomqtt acknowledges before the application has the message: of 5,000 messages 4,016 were lost when the
consumer was killed (docs/adr/0047). So paho underneath is told to leave acknowledging to us. Messages are taken from
aiomqtt's queue hook (`queue_type`), because its iterator makes a task and a wait for each message. When the bridge
falls behind, reading stops; should that not be enough, a new session bounds the backlog.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from sensors_bridge.mqtt import BrokerAddress, ConnectionLost, ReconnectingSource, log

_OVERSHOOT = 10  # times Receive Maximum: Mosquitto 2.0.11 passes it in bursts (docs/adr/0047)
_REFUSED = 128  # SUBACK reason codes from here on are refusals (MQTT 5, 3.9.3)


def client_of(address: BrokerAddress, client_id: str, **options: Any) -> aiomqtt.Client:
    """A client of the broker at ``address``: MQTT 5, with its credentials and TLS."""
    return aiomqtt.Client(
        address.host,
        address.port,
        username=address.user,
        password=address.password,
        identifier=client_id,
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_context=address.tls_context(),
        **options,
    )


class AiomqttSource(ReconnectingSource):
    """See MqttSource."""

    _client: aiomqtt.Client | None = None
    _paused = False

    async def _session(self) -> None:
        settings, address = self.settings, self.address
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = settings.session_expiry_s
        properties.ReceiveMaximum = settings.receive_maximum
        properties.MaximumPacketSize = settings.packet_bytes
        overflow = asyncio.Event()
        try:
            client = client_of(
                address,
                settings.client_id,
                clean_start=False,
                keepalive=settings.keep_alive_s,
                timeout=settings.connect_timeout_s,
                properties=properties,
                queue_type=self._queue_type(overflow),
            )
            client._client.manual_ack_set(True)
            self._client = client
            async with client:
                options = SubscribeOptions(qos=1)
                answer = await client.subscribe(settings.subscription, options=options)
                codes = [code if isinstance(code, int) else code.value for code in answer]
                if any(code >= _REFUSED for code in codes):
                    raise ConnectionLost(f"the broker refused the subscription with {codes}")
                self._established()
                await self._until_lost(client, overflow)
        except (aiomqtt.MqttError, OSError, TimeoutError) as error:
            raise ConnectionLost(str(error) or type(error).__name__) from error
        finally:
            self._client, self._paused = None, False
        raise ConnectionLost("the session ended")

    async def _until_lost(self, client: aiomqtt.Client, overflow: asyncio.Event) -> None:
        lost = asyncio.ensure_future(anext(client.messages))
        full = asyncio.ensure_future(overflow.wait())
        try:
            await asyncio.wait((lost, full), return_when=asyncio.FIRST_COMPLETED)
            if lost.done():
                lost.result()
            raise ConnectionLost("the broker ignores Receive Maximum; taking a new session to bound the backlog")
        finally:
            lost.cancel()
            full.cancel()

    def _queue_type(self, overflow: asyncio.Event) -> type[asyncio.Queue[aiomqtt.Message]]:
        room = self.settings.receive_maximum
        source = self

        class Handover(asyncio.Queue[aiomqtt.Message]):
            """Never holds a message: each goes straight to the source's pending list."""

            def put_nowait(self, item: aiomqtt.Message) -> None:
                payload = item.payload if isinstance(item.payload, bytes) else b""
                if item.qos == 0 and len(source._pending) >= room:
                    source.status.dropped_qos0 += 1
                elif len(source._pending) >= _OVERSHOOT * room:
                    overflow.set()
                elif not overflow.is_set():
                    source._deliver(item.topic.value, payload, item.mid if item.qos else None)
                    if len(source._pending) >= room:
                        source._pause()

        return Handover

    def _pause(self) -> None:
        """Stop reading the socket, so that TCP holds the broker back."""
        socket = None if self._client is None else self._client._client.socket()
        if socket is not None and not self._paused:
            self._paused = True
            asyncio.get_running_loop().remove_reader(socket.fileno())

    def _drained(self) -> None:
        socket = None if self._client is None else self._client._client.socket()
        if socket is not None and self._paused:
            self._paused = False
            loop = asyncio.get_running_loop()
            loop.add_reader(socket.fileno(), self._read)
            loop.call_soon(self._read)  # what TLS has already taken off the socket makes no event

    def _read(self) -> None:
        """What aiomqtt's own reader does, which `_pause` has removed."""
        paho = None if self._client is None else self._client._client
        try:
            while paho is not None and not self._paused:
                paho.loop_read()
                pending = getattr(paho.socket(), "pending", None)
                if pending is None or not pending():
                    return
        except Exception:
            log.exception("the MQTT client failed to read")
            if paho is not None:
                paho.disconnect()

    def _send_acknowledgements(self, packets: Sequence[int]) -> None:
        if self._client is not None:
            for packet in packets:
                self._client._client.ack(packet, 1)
