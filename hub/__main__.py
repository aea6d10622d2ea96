"""The ``hub`` command.

hub serve     the whole hub in one process
hub import    load published data files into the databases
hub schema    write schema/*.graphql, or check that they are as they should be
hub token     print an access token of the sandbox
hub client    register a partner app in the sandbox, or list them
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from hub.settings import ENVIRONMENT_PREFIX, Settings, SettingsError, environment_values, parse_value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the value is the process's exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = Settings(**(environment_values() | _given(options)))
    except SettingsError as problem:
        print(f"hub: {problem}", file=sys.stderr)
        return 2
    try:
        return int(options.command(settings, options) or 0)
    except KeyboardInterrupt:
        return 130


def _given(options: argparse.Namespace) -> dict[str, Any]:
    names = {item.name for item in fields(Settings)}
    given = {name: value for name, value in vars(options).items() if name in names and value is not None}
    return {name: parse_value(name, value) if isinstance(value, str) else value for name, value in given.items()}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hub", description="A GraphQL federation hub for Korea's public services.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = _command(commands, "serve", "the whole hub in one process", _serve)
    _add_settings(serve, *(item.name for item in fields(Settings)))

    importing = _command(commands, "import", "load published data files into the databases", _import)
    importing.add_argument("folder", type=Path, help="folder that holds the files")
    importing.add_argument("--only", action="append", metavar="DOMAIN", help="import this domain alone (repeatable)")
    importing.add_argument(
        "--rejected", type=Path, metavar="FILE", help="write every rejected row to FILE as JSON lines"
    )
    _add_settings(importing, "data", "database", "quiet")

    schema = _command(commands, "schema", "write schema/*.graphql and docs/errors.md", _schema)
    schema.add_argument("--check", action="store_true", help="change nothing; fail when a file is out of date")
    schema.add_argument("--folder", type=Path, default=Path("schema"), help="default: schema")
    schema.add_argument("--docs", type=Path, default=Path("docs"), help="default: docs")

    token = _command(commands, "token", "print an access token of the sandbox", _token)
    token.add_argument("--scope", action="append", metavar="SCOPE", help="default: all scopes (repeatable)")
    _add_settings(token, "host", "port", "public_url", "data", "database")

    client = _command(commands, "client", "register a partner app in the sandbox, or list them", _client)
    client.add_argument("name", nargs="?", help="name of a new confidential app; without it the apps are listed")
    client.add_argument("--scope", action="append", metavar="SCOPE", help="scopes it may ask for (repeatable)")
    client.add_argument("--json", action="store_true", help="machine-readable output")
    _add_settings(client, "host", "port", "public_url", "data", "database")
    return parser


def _command(commands: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + "."
    )
    command.set_defaults(command=run)
    return command


def _add_settings(command: argparse.ArgumentParser, *names: str) -> None:
    for item in fields(Settings):
        if item.name not in names:
            continue
        flag = "--" + item.name.replace("_", "-")
        text = f"{item.metadata['text']} [{ENVIRONMENT_PREFIX}{item.name.upper()}]"
        if isinstance(item.default, bool):
            command.add_argument(flag, action="store_const", const=True, help=text)
        else:
            shown = f" (default: {item.default})" if str(item.default) else ""
            command.add_argument(flag, metavar=item.name.upper(), help=text + shown)


def _serve(settings: Settings, options: argparse.Namespace) -> int:
    from hub.serve import serve

    return serve(settings)


def _import(settings: Settings, options: argparse.Namespace) -> int:
    from hub.importing import import_folder

    return asyncio.run(import_folder(settings, options.folder, only=options.only, rejected_file=options.rejected))


def _schema(settings: Settings, options: argparse.Namespace) -> int:
    from hub.reference import check_reference, write_reference
    from hub.schema import check_schema, write_schema

    if options.check:
        return max(check_schema(options.folder), check_reference(options.docs))
    return max(write_schema(options.folder), write_reference(options.docs))


def _token(settings: Settings, options: argparse.Namespace) -> int:
    from hub.sandbox import print_token

    return asyncio.run(print_token(settings, options.scope))


def _client(settings: Settings, options: argparse.Namespace) -> int:
    from hub.sandbox import list_clients, new_client

    if options.name is None:
        return asyncio.run(list_clients(settings, as_json=options.json))
    return asyncio.run(new_client(settings, options.name, options.scope, as_json=options.json))


if __name__ == "__main__":
    sys.exit(main())
