"""Subgraphs from the command line: SDL files, folders of them, configuration files, a JSON list, standard input.

The configuration file is the one ``rover supergraph compose`` reads, in YAML, TOML or JSON::

    federation_version: =2.14.0
    subgraphs:
      rail:
        routing_url: http://rail:4001/graphql
        schema:
          file: ./rail.graphql       # beside this file; or `sdl: |` with the text itself
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from router.commands import STANDARD_INPUT, CommandFailed, read_text
from router.composition import SubgraphSource

SDL_SUFFIXES = (".graphql", ".graphqls", ".gql")


@dataclass(frozen=True, slots=True)
class Subgraphs:
    """What was read; ``files`` names the file of each subgraph whose SDL is a file of its own."""

    sources: tuple[SubgraphSource, ...]
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Read:
    source: SubgraphSource
    file: str | None = None


def read_subgraphs(names: Sequence[str], urls: Mapping[str, str] | None = None) -> Subgraphs:
    """All subgraphs of the named inputs; ``urls`` (by subgraph) take the place of those written there.

    Raises ``CommandFailed`` in one line: an input that cannot be read, an entry that is wrong, a URL for no subgraph.
    """
    found = [each for name in names for each in _input(name)]
    unknown = [name for name in urls or {} if all(each.source.name != name for each in found)]
    if unknown:
        raise CommandFailed(f"--url names {unknown[0]!r}, which is no subgraph of the input")
    sources = tuple(
        SubgraphSource(each.source.name, (urls or {}).get(each.source.name, each.source.url), each.source.sdl)
        for each in found
    )
    return Subgraphs(sources, {each.source.name: each.file for each in found if each.file is not None})


def _input(name: str) -> Iterator[_Read]:
    path = Path(name)
    if name != STANDARD_INPUT and path.is_dir():
        yield from _folder(path)
    elif name != STANDARD_INPUT and path.suffix in SDL_SUFFIXES:
        yield _sdl_file(path.stem, "", path)
    elif name != STANDARD_INPUT and path.suffix in _PARSERS:
        yield from _configuration(name, _parsed(name, *_PARSERS[path.suffix]), path.parent)
    elif name == STANDARD_INPUT:
        # JSON is YAML, so a list of subgraphs and either form of the configuration file come through one door.
        text = read_text(name)
        parser = _PARSERS[".json" if text.lstrip()[:1] in ("[", "{", "") else ".yaml"]
        yield from _configuration(name, _parse(name, text, *parser), Path())
    elif not path.exists():
        raise CommandFailed(f"cannot read {name}: no such file or folder")
    else:
        endings = ", ".join((*SDL_SUFFIXES, *_PARSERS))
        raise CommandFailed(f"{name}: a subgraph or a list of them must be a folder, - or a file ending in {endings}")


def _folder(path: Path) -> Iterator[_Read]:
    files = sorted(each for each in path.iterdir() if each.suffix in SDL_SUFFIXES and each.is_file())
    if not files:
        raise CommandFailed(f"{path} has no file ending in {', '.join(SDL_SUFFIXES)}")
    for file in files:
        yield _sdl_file(file.stem, "", file)


def _sdl_file(name: str, url: str, path: Path) -> _Read:
    return _Read(SubgraphSource(name, url, read_text(str(path))), str(path))


_Parser = tuple[str, Callable[[str], Any], type[Exception]]
_PARSERS: Mapping[str, _Parser] = {
    ".json": ("JSON", json.loads, ValueError),
    ".yaml": ("YAML", yaml.safe_load, yaml.YAMLError),
    ".yml": ("YAML", yaml.safe_load, yaml.YAMLError),
    ".toml": ("TOML", tomllib.loads, ValueError),
}


def _parsed(name: str, form: str, parse: Callable[[str], Any], fault: type[Exception]) -> Any:
    return _parse(name, read_text(name), form, parse, fault)


def _parse(name: str, text: str, form: str, parse: Callable[[str], Any], fault: type[Exception]) -> Any:
    try:
        return parse(text)
    except (fault, RecursionError) as error:
        told = " ".join(str(error).split())
        raise CommandFailed(f"{name} is not {form}: {told}") from error


def _configuration(name: str, value: Any, folder: Path) -> Iterator[_Read]:
    if isinstance(value, list) and value:
        for number, entry in enumerate(value):
            yield _entry(name, number, entry)
        return
    subgraphs = value.get("subgraphs") if isinstance(value, dict) else None
    if not isinstance(subgraphs, dict) or not subgraphs:
        raise CommandFailed(
            f"{name} must be a list of at least one {{name, url, sdl}}, or have a map `subgraphs` of at least one"
        )
    for subgraph, described in subgraphs.items():
        yield _described(name, str(subgraph), described, folder)


def _entry(name: str, number: int, entry: Any) -> _Read:
    values = [entry.get(key) if isinstance(entry, dict) else None for key in ("name", "url", "sdl")]
    subgraph, url, sdl = values
    if not isinstance(subgraph, str) or not isinstance(sdl, str) or not isinstance(url, str | None):
        raise CommandFailed(f"{name}: entry {number} must be an object with the strings name, url and sdl")
    return _Read(SubgraphSource(subgraph, url or "", sdl))


def _described(name: str, subgraph: str, described: Any, folder: Path) -> _Read:
    where = f"{name}: subgraph {subgraph!r}"
    schema = described.get("schema") if isinstance(described, dict) else None
    url = described.get("routing_url", "") if isinstance(described, dict) else None
    if not isinstance(schema, dict) or not isinstance(url, str | None):
        raise CommandFailed(f"{where} needs a string `routing_url` and a map `schema`")
    if isinstance(schema.get("file"), str):
        return _sdl_file(subgraph, url or "", folder / schema["file"])
    if isinstance(schema.get("sdl"), str):
        return _Read(SubgraphSource(subgraph, url or "", schema["sdl"]))
    if "subgraph_url" in schema or "graphref" in schema:
        raise CommandFailed(
            f"{where}: a schema is read from `file` or `sdl` here, not fetched; save it to a file first"
        )
    raise CommandFailed(f"{where}: `schema` needs `file` or `sdl`")
