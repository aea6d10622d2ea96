"""The broker's own process: `python -P broker_child.py CONFIG.toml`, started by `broker.EmbeddedBroker`.

rumqttd has no way to shut down, so it gets a process that can be ended. It leaves by itself when standard input closes,
which the operating system sees to when the parent dies, however it dies.
"""

from __future__ import annotations

import logging
import os
import sys
import threading

from iotcore import Broker


def _leave_with_parent() -> None:
    try:
        sys.stdin.buffer.read()
    finally:
        os._exit(0)


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(name)s %(levelname)s %(message)s")
    # rumqttd logs every packet inside an error span; its own log is noise unless one debugs the broker itself.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    Broker(config_path=sys.argv[1]).run_forever()


if __name__ == "__main__":
    main()
