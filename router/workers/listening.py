"""Listening sockets: TCP or a Unix path, one for all or one for each worker."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNIX = "unix:"


def listen(host: str, port: int, backlog: int) -> socket.socket:
    """A listening socket at a host and port, or at ``unix:/path``. Raises ``OSError``."""
    if host.startswith(UNIX):
        return _listen_at(host.removeprefix(UNIX), backlog)
    return socket.create_server((host, port), family=_family(host), backlog=backlog)


def reserve(host: str, port: int) -> socket.socket:
    """A socket that holds a port for the workers and takes no connection itself. Raises ``OSError``."""
    # Bound without sharing first: a port another program shares would be taken without a word.
    with _bound(host, port, shared=False) as probe:
        port = int(probe.getsockname()[1])
    return _bound(host, port, shared=True)


def listen_shared(host: str, port: int, backlog: int) -> socket.socket:
    """One worker's own listening socket; the kernel spreads connections over all of them. Raises ``OSError``."""
    listening = _bound(host, port, shared=True)
    listening.listen(backlog)
    return listening


@contextmanager
def open_until_done(opened: socket.socket, host: str) -> Iterator[socket.socket]:
    """Close the socket at the end, and remove its Unix path."""
    try:
        with opened:
            yield opened
    finally:
        if host.startswith(UNIX):
            Path(host.removeprefix(UNIX)).unlink(missing_ok=True)


def can_share() -> bool:
    """Whether the system spreads connections over several sockets of one port."""
    return hasattr(socket, "SO_REUSEPORT")


def shown(host: str, port: int, path: str) -> str:
    """The address as people write it."""
    if host.startswith(UNIX):
        return f"{host} (HTTP path {path})"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{path}"


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _bound(host: str, port: int, *, shared: bool) -> socket.socket:
    made = socket.socket(_family(host), socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind((host, port))
    except BaseException:
        made.close()
        raise
    return made


def _listen_at(path: str, backlog: int) -> socket.socket:
    _remove_stale(path)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.bind(path)
        # Who may connect is who may reach the folder, as for every program's socket.
        Path(path).chmod(0o666)
        made.listen(backlog)
    except BaseException:
        made.close()
        raise
    return made


def _remove_stale(path: str) -> None:
    """Remove the socket of a process that is no more. Raises ``OSError`` when somebody listens there."""
    if not Path(path).exists():
        return
    if not Path(path).is_socket():
        raise FileExistsError(errno.EEXIST, "there is a file of that name")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            Path(path).unlink(missing_ok=True)
        else:
            raise OSError(errno.EADDRINUSE, "Address already in use")
