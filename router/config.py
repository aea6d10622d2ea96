"""Settings of the router: frozen, read once from a TOML file and the environment, unknown keys refused.

A key of section ``http`` is set by ``[http]`` in the file or by ``ROUTER_HTTP_<KEY>`` in the environment, which wins;
lists in the environment are separated by commas. Subgraph URLs: ``[subgraphs.<name>] url = …`` or
``ROUTER_SUBGRAPH_<NAME>_URL``. Labels of ``@override`` are keys of ``[override_labels]``, in the file only.
``settings_reference`` prints every key with its line of documentation.
"""

from __future__ import annotations

import tomllib
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from router.policy.cost import CostWeights
from router.policy.limits import Limits
from router.policy.override_labels import Share, percentage

PREFIX = "ROUTER_"


class ConfigError(ValueError):
    """A setting is unknown or has a value that does not fit; the message names the key and where it stood."""


def key(default: Any, doc: str) -> Any:
    """A setting with its one line of documentation."""
    return field(default=default, metadata={"doc": doc})


def secret_key(doc: str) -> Any:
    """A setting that is shown nowhere; empty by default."""
    return field(default="", repr=False, metadata={"doc": doc})


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How ``router serve`` listens."""

    host: str = key("127.0.0.1", "Address to listen on, or unix:/path of a socket.")
    port: int = key(4000, "TCP port to listen on; 0 takes any free one.")
    workers: int = key(1, "Worker processes; they share nothing but the port.")
    watch_s: float = key(0.0, "How often to look for a new supergraph in the file; 0: on SIGHUP only.")
    access_log: bool = key(False, "Log one line a request (method, path, status; never headers or bodies).")
    drain_s: int = key(10, "Seconds that running requests get to finish after SIGTERM.")
    backlog: int = key(2048, "Connections the kernel may hold before they are accepted.")
    door: str = key("own", "HTTP server: own (the router's), or uvicorn (any other runs build_app itself).")
    max_connections: int = key(25_000, "Connections at once in one worker, WebSockets included (own server).")
    max_header_bytes: int = key(65_536, "Longest request line and headers (own server).")
    header_timeout_s: float = key(10.0, "Time a request's head has to arrive (own server).")
    keep_alive_s: float = key(75.0, "Time a connection may be idle between requests (own server).")
    write_timeout_s: float = key(30.0, "Time a client may read nothing of its answer (own server).")


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """GraphQL over HTTP."""

    path: str = key("/graphql", "Path of the GraphQL endpoint, for HTTP and WebSocket.")
    public_url: str = key("", "Origin under which clients reach the router, e.g. https://api.example.kr; no path.")
    get: bool = key(True, "Serve queries over GET.")
    max_body_bytes: int = key(1_000_000, "Largest request body.")
    max_url_bytes: int = key(16_384, "Longest query string of a GET.")
    body_timeout_s: float = key(20.0, "Time a request body has to arrive.")
    max_in_flight: int = key(2_000, "Requests at once in one worker; further ones are answered 503.")
    forward_headers: tuple[str, ...] = key(
        ("accept-language", "traceparent", "tracestate"), "Request headers passed on to subgraphs."
    )
    compression: tuple[str, ...] = key(
        ("zstd", "br", "gzip"), "Codings for answers to clients that ask, the preferred first; [] for none."
    )
    compress_from_bytes: int = key(1_400, "Shortest answer that is compressed: below, it fits into one packet anyway.")
    cors_origins: tuple[str, ...] = key((), "Origins whose pages may call the router; '*' for any (without cookies).")
    graphiql: bool = key(True, "Serve the GraphiQL page to browsers.")
    assets: str = key("", "Folder with the browser files of GraphiQL (react, react-dom, graphiql, graphql-ws).")


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """Access tokens (RFC 9068). Without an issuer no token is read and every caller is anonymous."""

    issuer: str = key("", "Issuer of access tokens, exactly as in their 'iss'.")
    audience: str = key("", "Audience of access tokens, exactly as in their 'aud': this router.")
    jwks_url: str = key("", "Where the issuer publishes its keys.")
    algorithms: tuple[str, ...] = key(("ES256",), "Signature algorithms allowed.")
    leeway_s: float = key(5.0, "Clock difference allowed, at most 10 s.")
    required: bool = key(False, "Refuse requests without a token.")
    cache_size: int = key(20_000, "Verified tokens remembered.")
    revocations_url: str = key("", "Feed of what the issuer ended early; without it tokens live until they expire.")
    revocations_client_id: str = key("", "Client id of this router at the issuer, for the feed.")
    revocations_client_secret: str = secret_key("Its secret.")
    dpop_nonce_secret: str = secret_key("With this text, the same in all workers, DPoP proofs must carry our nonce.")


@dataclass(frozen=True, slots=True)
class SubscriptionSettings:
    """WebSocket and event streams."""

    init_timeout_s: float = key(3.0, "Time a socket has to send connection_init.")
    max_operations: int = key(100, "Operations at once on one socket.")
    max_sockets: int = key(20_000, "Sockets at once in one worker, and as many event streams.")
    max_message_bytes: int = key(262_144, "Largest message from a client.")
    queue_messages: int = key(64, "Messages waiting for one client before its operations pause.")
    queue_bytes: int = key(1_000_000, "Bytes waiting for one client before its operations pause.")
    slow_client_s: float = key(15.0, "Time a client may read nothing of what waits for it before it is closed.")
    keep_alive_s: float = key(12.0, "Pause between pings on a silent WebSocket or event stream.")


@dataclass(frozen=True, slots=True)
class PipelineKeys:
    """What the router tells about its schema and its subgraphs, and how much it remembers."""

    introspection: bool = key(True, "Answer __schema and __type.")
    suggestions: bool = key(True, "Let validation errors name what may have been meant.")
    incremental: bool = key(False, "Know @defer and @stream; deliver in parts to clients that accept multipart/mixed.")
    subgraph_errors: str = key("coded", "Messages of subgraphs that reach clients: all, coded (with a code), or none.")
    subgraph_error_extensions: tuple[str, ...] = key(
        ("*",), "Extensions that go with such a message, besides code; '*' is all but stack traces and the like."
    )
    documents: int = key(2_000, "Documents remembered.")
    plans: int = key(1_000, "Compiled plans remembered.")


@dataclass(frozen=True, slots=True)
class SubgraphSettings:
    """What the configuration says about one subgraph; the rest stands in the supergraph."""

    url: str = key("", "URL of the subgraph instead of the one in the supergraph.")
    subscription_url: str = key("", "WebSocket URL of the subgraph; default: its URL with ws or wss.")
    timeout_s: float = key(30.0, "Time the subgraph has to answer.")
    accept_encoding: tuple[str, ...] = key((), "Codings its answers may come in: zstd, br, gzip.")
    share_reads: bool = key(True, "Send identical queries in flight at once, with equal forwarded headers, once.")
    errors: str = key("", "Messages of this subgraph that reach clients; empty: as pipeline.subgraph_errors.")
    error_extensions: tuple[str, ...] = key((), "Their extensions; empty: as pipeline.subgraph_error_extensions.")
    identity_secret: str = key(
        "", "Secret under which the caller's identity is signed for the subgraph; empty: not sent."
    )
    identity_header: str = key("hub-identity", "Header that carries the signed identity.")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one router process."""

    server: ServerSettings = field(default_factory=ServerSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    token: TokenSettings = field(default_factory=TokenSettings)
    limits: Limits = field(default_factory=Limits)
    pipeline: PipelineKeys = field(default_factory=PipelineKeys)
    subscriptions: SubscriptionSettings = field(default_factory=SubscriptionSettings)
    subgraphs: Mapping[str, SubgraphSettings] = field(default_factory=dict)
    override_labels: Mapping[str, Share] = field(default_factory=dict)
    """Label of ``@override`` → for which percentage of requests it is on."""


SECTIONS: Mapping[str, type] = {
    "server": ServerSettings,
    "http": HttpSettings,
    "token": TokenSettings,
    "limits": Limits,
    "pipeline": PipelineKeys,
    "subscriptions": SubscriptionSettings,
}


def read_settings(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of ``file`` (TOML) with those of ``environment`` laid over them.

    Raises ``ConfigError`` for a file that is missing or not TOML, an unknown key, or a value of the wrong kind.
    """
    document = _read_file(file) if file is not None else {}
    known = [*SECTIONS, "subgraphs", "override_labels"]
    unknown = set(document) - set(known)
    if unknown:
        raise ConfigError(f"unknown section [{min(unknown)}] in {file}; known: {', '.join(known)}")
    variables = dict(_variables(environment or {}))
    sections = {
        name: _section(kind, document.get(name, {}), variables, f"[{name}] in {file}", f"{PREFIX}{name.upper()}_")
        for name, kind in SECTIONS.items()
    }
    subgraphs = _subgraphs(document.get("subgraphs", {}), variables, file)
    labels = _override_labels(document.get("override_labels", {}), file)
    if variables:
        raise ConfigError(f"unknown environment variable {min(variables)}")
    return Settings(**sections, subgraphs=subgraphs, override_labels=labels)


def settings_reference() -> str:
    """Every key with default and documentation, as TOML comments."""
    lines = []
    for name, kind in [*SECTIONS.items(), ("limits.cost", CostWeights), ("subgraphs.<name>", SubgraphSettings)]:
        lines.append(f"[{name}]  # {(kind.__doc__ or '').strip().splitlines()[0]}")
        for one in fields(kind):
            default = _default(one)
            if not is_dataclass(default):
                doc = one.metadata.get("doc", "")
                lines.append(f"# {one.name} = {_toml(default)}{'  # ' + doc if doc else ''}")
        lines.append("")
    lines.append("[override_labels]  # Labels of @override: on or off, or a percentage of requests.")
    lines.append('# "some-label" = 10.0  # true, false, or 0 to 100; default: n for percent(n), else off.')
    return "\n".join([*lines, ""])


def _read_file(file: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not TOML: {error}") from error


def _variables(environment: Mapping[str, str]) -> Mapping[str, str]:
    known = tuple(f"{PREFIX}{name.upper()}_" for name in [*SECTIONS, "subgraph"])
    return {name: value for name, value in environment.items() if name.startswith(known)}


def _section(kind: type, given: Any, variables: dict[str, str], where: str, prefix: str) -> Any:
    if not isinstance(given, dict):
        raise ConfigError(f"{where} must be a table")
    hints = get_type_hints(kind)
    names = [one.name for one in fields(kind)]
    unknown = set(given) - set(names)
    if unknown:
        raise ConfigError(f"unknown key '{min(unknown)}' in {where}; known: {', '.join(names)}")
    values: dict[str, Any] = {}
    for name in names:
        if is_dataclass(hints[name]):
            nested = _section(
                hints[name], given.get(name, {}), variables, f"{where}.{name}", f"{prefix}{name.upper()}_"
            )
            values[name] = nested
            continue
        if name in given:
            values[name] = _from_toml(given[name], hints[name], f"'{name}' in {where}")
        variable = f"{prefix}{name.upper()}"
        if variable in variables:
            values[name] = _from_text(variables.pop(variable), hints[name], variable)
    return kind(**values)


def _subgraphs(given: Any, variables: dict[str, str], file: Path | None) -> Mapping[str, SubgraphSettings]:
    if not isinstance(given, dict):
        raise ConfigError(f"[subgraphs] in {file} must be a table")
    names = list(given)
    ends = sorted((f"_{one.name.upper()}" for one in fields(SubgraphSettings)), key=len, reverse=True)
    start = f"{PREFIX}SUBGRAPH_"
    for variable in variables:
        end = next((end for end in ends if variable.endswith(end)), None)
        if variable.startswith(start) and end is not None and len(variable) > len(start + end):
            name = variable[len(start) : -len(end)]
            if name.lower() not in {known.lower().replace("-", "_") for known in names}:
                names.append(name.lower())
    return {
        name: _section(
            SubgraphSettings,
            given.get(name, {}),
            variables,
            f"[subgraphs.{name}] in {file}",
            f"{PREFIX}SUBGRAPH_{name.upper().replace('-', '_')}_",
        )
        for name in names
    }


def _override_labels(given: Any, file: Path | None) -> Mapping[str, Share]:
    if not isinstance(given, dict):
        raise ConfigError(f"[override_labels] in {file} must be a table")
    for label, share in given.items():
        try:
            percentage(share)
        except ValueError as error:
            raise ConfigError(f"{label!r} in [override_labels] in {file} must be {error}") from error
    return given


def _from_toml(value: Any, hint: Any, where: str) -> Any:
    if get_origin(hint) is tuple:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{where} must be a list of strings")
        return tuple(value)
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if float in kinds and type(value) is int:
        return _in_range(float(value), where)
    if type(value) not in kinds:
        raise ConfigError(f"{where} must be {_kind_name(kinds[0])}, not {value!r}")
    return _in_range(value, where)


def _from_text(text: str, hint: Any, variable: str) -> Any:
    if get_origin(hint) is tuple:
        return tuple(item.strip() for item in text.split(",") if item.strip())
    if hint is bool:
        if text.lower() not in ("true", "false", "1", "0", "yes", "no"):
            raise ConfigError(f"{variable} must be true or false, not {text!r}")
        return text.lower() in ("true", "1", "yes")
    try:
        value = hint(text)
    except ValueError as error:
        raise ConfigError(f"{variable} must be {_kind_name(hint)}, not {text!r}") from error
    return _in_range(value, variable)


def _in_range(value: Any, where: str) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool) and not 0 <= value < 2**53:
        raise ConfigError(f"{where} must not be negative")
    return value


def _kind_name(kind: Any) -> str:
    return {int: "a whole number", float: "a number", bool: "true or false", str: "a string"}.get(kind, str(kind))


def _default(one: Field[Any]) -> Any:
    return one.default_factory() if one.default_factory is not MISSING else one.default


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


__all__ = [
    "ConfigError",
    "CostWeights",
    "HttpSettings",
    "Limits",
    "PipelineKeys",
    "ServerSettings",
    "Settings",
    "SubgraphSettings",
    "SubscriptionSettings",
    "TokenSettings",
    "read_settings",
    "settings_reference",
]
