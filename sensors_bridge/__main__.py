"""`python -m sensors_bridge run | replay | dead-letters`. Each URL may come from the environment instead."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from sensors_bridge.bridge import Bridge, BridgeSettings
from sensors_bridge.broker import EmbeddedBroker
from sensors_bridge.mqtt import BadBrokerUrl, BrokerAddress, SourceSettings, open_source
from sensors_bridge.replay import ReplaySettings, replay
from sensors_bridge.store import BadStoreUrl, ReadingStore, StoreTooNew, StoreUnavailable

log = logging.getLogger("sensors_bridge")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when done or stopped by SIGTERM or SIGINT, 1 for a store that cannot be used, 2 for bad input."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    commands = {"run": _run, "replay": _replay, "dead-letters": _dead_letters}
    try:
        return asyncio.run(commands[options.command](options))
    except (BadBrokerUrl, BadStoreUrl, ValueError) as error:
        print(f"sensors_bridge: {error}", file=sys.stderr)
        return 2
    except (StoreUnavailable, StoreTooNew) as error:
        print(f"sensors_bridge: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


async def _run(options: argparse.Namespace) -> int:
    settings = BridgeSettings(retention_days=options.retention_days or None, report_every_s=options.report_every)
    source = SourceSettings(client_id=options.client_id, share=options.share, receive_maximum=options.receive_maximum)
    address = None if options.broker == "embedded" else BrokerAddress.parse(options.broker)
    async with contextlib.AsyncExitStack() as stack:
        stopping = _on_signal()
        store = await _open_patiently(options.store, stopping)
        if store is None:
            return 0
        stack.push_async_callback(store.aclose)
        if address is None:
            broker = await stack.enter_async_context(EmbeddedBroker())
            address = broker.address
            print(f"mqtt://{address.user}:{address.password}@{address.host}:{address.port}", flush=True)
        bridge = Bridge(open_source(address, source, options.client), store, settings=settings)
        running = asyncio.create_task(bridge.run())
        waiting = asyncio.create_task(stopping.wait())
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        bridge.stop()
        await running
        waiting.cancel()
    return 0


async def _open_patiently(url: str, stopping: asyncio.Event) -> ReadingStore | None:
    """The store, waiting for a database that is still starting; None when told to stop meanwhile."""
    pause = 0.2
    while not stopping.is_set():
        try:
            return await ReadingStore.open(url)
        except StoreUnavailable as problem:
            log.warning("store unavailable (%s); again in %.1f s", problem, pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), pause)
            pause = min(pause * 2, 5.0)
    return None


async def _replay(options: argparse.Namespace) -> int:
    settings = ReplaySettings(
        taxis=options.taxis,
        rate=options.rate,
        seed=options.seed,
        start=options.start,
        messages=options.messages,
        fast=options.fast,
    )
    stopping = _on_signal()
    running = asyncio.create_task(replay(BrokerAddress.parse(options.broker), settings))
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not running.done():
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        return 0
    print(f"published {running.result()} messages")
    return 0


async def _dead_letters(options: argparse.Namespace) -> int:
    store = await ReadingStore.open(options.store)
    try:
        counts = await store.dead_letter_counts()
        letters = await store.dead_letters(options.limit)
    finally:
        await store.aclose()
    print("ever:", ", ".join(f"{reason} {count}" for reason, count in counts.items()) or "none")
    for letter in letters:
        moment = datetime.fromtimestamp(letter.received / 1000, UTC).isoformat(timespec="milliseconds")
        print(f"{moment}  {letter.reason}  ×{letter.times}  {letter.topic}  {letter.size} bytes: {letter.detail}")
        print(f"    {letter.payload[:100]!r}")
    return 0


def _on_signal() -> asyncio.Event:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    return stopping


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sensors_bridge", description="Roof-light readings over MQTT.")
    commands = parser.add_subparsers(dest="command", required=True)

    run = commands.add_parser("run", help="store what devices publish, until stopped")
    _url(run, "--broker", "BRIDGE_BROKER", "mqtt[s]://[user:password@]host[:port], or 'embedded' to start one")
    _url(run, "--store", "BRIDGE_STORE", "sqlite:///path or postgresql://…")
    run.add_argument("--client", choices=("aiomqtt", "fast"), default="aiomqtt", help="MQTT client (default: aiomqtt)")
    run.add_argument("--client-id", default=SourceSettings().client_id, help="one a bridge; it names the session")
    run.add_argument("--share", metavar="GROUP", help="divide the messages among the bridges of this group")
    run.add_argument("--receive-maximum", type=int, default=1_000, help="messages ahead of acknowledgements")
    run.add_argument("--retention-days", type=float, default=7.0, help="0 keeps readings for ever")
    run.add_argument("--report-every", type=float, default=30.0, metavar="S", help="seconds between two log lines")

    play = commands.add_parser("replay", help="publish simulated taxis and demonstration vehicles")
    _url(play, "--broker", "BRIDGE_BROKER", "mqtt[s]://[user:password@]host[:port]")
    play.add_argument("--taxis", type=int, default=ReplaySettings().taxis)
    play.add_argument("--rate", type=float, default=ReplaySettings().rate, help="messages a second of each taxi")
    play.add_argument("--seed", type=int, default=ReplaySettings().seed)
    play.add_argument("--start", type=int, help="first device time, ms UTC (default: now)")
    play.add_argument("--messages", type=int, help="end after so many")
    play.add_argument("--fast", action="store_true", help="all at once, with device times that end now")

    letters = commands.add_parser("dead-letters", help="show what was rejected, and why")
    _url(letters, "--store", "BRIDGE_STORE", "sqlite:///path or postgresql://…")
    letters.add_argument("--limit", type=int, default=20)
    return parser


def _url(parser: argparse.ArgumentParser, option: str, variable: str, meaning: str) -> None:
    default = os.environ.get(variable)
    parser.add_argument(
        option, metavar="URL", default=default, required=default is None, help=f"{meaning} [{variable}]"
    )


if __name__ == "__main__":
    sys.exit(main())
