"""Rasa NLU training data as YAML (Rasa Open Source 2 and 3)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ...common.errors import UserError, at_line
from ..records import Record
from .base import BOM, MADE, Format, Head, ReadOptions, Tell
from .parts.rasa_markup import BLOCKS, looks_marked, parse_markup, tell_left_over
from .parts.rasa_yaml_writer import write_rasa_yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_BYTES = 64 << 20
MAX_DEPTH = 50
# What Rasa strips from the ends of an example.
EDGES = "\n\r "
EXAMPLE = 'nlu: [{intent: travel, examples: "- to [ঢাকা](city)"}]'


def sniff_rasa_yaml(head: Head) -> bool:
    """Whether a file begins like YAML whose top level has ``nlu`` with Rasa's blocks under it."""
    in_nlu = False
    for line in head.lines:
        words = line.split("#")[0].replace("-", " ", 1).split()
        if line[0] in " \t-" and words:
            if in_nlu and words[0].rstrip(":") in BLOCKS and ":" in line:
                return True
        elif line[0] not in "#%-":
            key, colon, _ = line.partition(":")
            if not colon or not key.strip("\"'").isidentifier():
                return False
            in_nlu = key.strip("\"'") == "nlu"
    return False


def read_rasa_yaml(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Reads the examples of the intents; spans come from the markup, offsets are code points.

    The intent and the metadata of an example stand in the record's meta, those of a whole intent
    under ``intent_metadata``. Role, group and value stand in the span's meta.

    Args:
        path: A UTF-8 file, MAX_BYTES long at most.
        options: Unused: the format has fixed keys.
        tell: Called once with the blocks that hold no annotated text, and once with the texts in
            which brackets were left that look like markup.

    Raises:
        UserError: The file is no such YAML, holds aliases, anchors, tags or a key twice, or its
            markup cannot be read; says on which line.
    """
    root = _load(path)
    fields = _fields(root, path)
    nlu = fields.pop("nlu", None)
    if nlu is None or not (isinstance(nlu, yaml.SequenceNode) or _is_null(nlu)):
        raise _unexpected(path, nlu or root, "The file has no list under 'nlu'")
    passed = Counter(f"top-level {key}" for key in fields if key != "version")
    doubtful: list[int] = []
    for node in nlu.value if isinstance(nlu, yaml.SequenceNode) else []:
        block = _fields(node, path)
        if "intent" not in block:
            passed[next((key for key in BLOCKS if key in block), "unknown")] += 1
            continue
        for record in _intent(block, path):
            if looks_marked(record.text):
                doubtful.append(record.line)
            yield record
    tell_left_over(passed, doubtful, tell)


def _load(path: Path) -> yaml.Node:
    """The node graph of a YAML file that holds plain values alone."""
    if path.stat().st_size > MAX_BYTES:
        raise UserError(
            f"The YAML file is larger than {MAX_BYTES >> 20} MiB",
            where=str(path),
            todo="Split it into several files.",
        )
    raw = path.read_bytes()
    try:
        text = raw.decode("utf8").removeprefix(BOM)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UserError(
            "The line is not UTF-8", where=at_line(path, line), todo="Save the file as UTF-8."
        ) from None
    try:
        _refuse_references(text, path)
        root = yaml.compose(text, Loader=LOADER)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error).split("\n")[0]
        raise UserError(
            f"The file is not valid YAML: {what}",
            where=at_line(path, mark.line + 1 if mark else None),
            todo="A file that was cut off may end so.",
        ) from None
    if root is None:
        raise UserError("The file is empty", where=str(path), todo=f"Expected {EXAMPLE}.")
    return root


def _refuse_references(text: str, path: Path) -> None:
    """Refuses what makes small files large or builds objects: aliases, anchors, tags, depth."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        named = getattr(event, "anchor", None) is not None
        if named or getattr(event, "tag", None) is not None or depth > MAX_DEPTH:
            raise UserError(
                "The file holds YAML aliases, anchors or tags, or is nested too deeply",
                where=at_line(path, event.start_mark.line + 1),
                todo="Training data needs none of these; write the values out.",
            )


def _unexpected(path: Path, node: yaml.Node, what: str) -> UserError:
    return UserError(what, where=_place(path, node), todo=f"Expected, for example, {EXAMPLE}.")


def _place(path: Path, node: yaml.Node) -> str:
    return at_line(path, node.start_mark.line + 1)


def _is_null(node: yaml.Node) -> bool:
    return _is_unquoted(node) and node.value in ("", "~", "null")


def _is_unquoted(node: yaml.Node) -> bool:
    # The style of such a scalar is None from PyYAML's own parser, and empty from libyaml's.
    return isinstance(node, yaml.ScalarNode) and not node.style


def _fields(node: yaml.Node, path: Path) -> dict[str, yaml.Node]:
    """The keys and values of a mapping."""
    if not isinstance(node, yaml.MappingNode):
        raise _unexpected(path, node, "A mapping was expected")
    fields: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _unexpected(path, key, "A key is no word")
        if key.value in fields:
            raise UserError(
                f"The key {key.value!r} stands twice in the mapping",
                where=_place(path, key),
                todo="Keep one: YAML readers silently drop the other.",
            )
        fields[key.value] = value
    return fields


def _plain(node: yaml.Node, path: Path) -> Any:
    """A node as JSON would give it; dates and the like stay as they are written."""
    if isinstance(node, yaml.MappingNode):
        return {key: _plain(value, path) for key, value in _fields(node, path).items()}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(value, path) for value in node.value]
    if _is_null(node):
        return None
    if _is_unquoted(node):
        try:
            # NaN and Infinity, which are no JSON, stay words.
            return json.loads(node.value, parse_constant=str)
        except ValueError:
            return node.value
    return node.value


def _scalar(node: yaml.Node, path: Path, what: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _unexpected(path, node, f"{what} is no text")
    return "" if _is_null(node) else node.value


def _intent(block: dict[str, yaml.Node], path: Path) -> Iterator[Record]:
    intent = _scalar(block["intent"], path, "The intent's name")
    meta: dict[str, Any] = {"intent": intent} if intent else {}
    if "metadata" in block:
        meta["intent_metadata"] = _plain(block["metadata"], path)
    examples = block.get("examples")
    if examples is None or _is_null(examples):
        return
    if isinstance(examples, yaml.ScalarNode):
        for line, example in _bullets(examples, path):
            text, spans = parse_markup(example, at_line(path, line))
            yield Record(text, tuple(spans), line, dict(meta))
    elif isinstance(examples, yaml.SequenceNode):
        for node in examples.value:
            yield _listed(node, path, meta)
    else:
        raise _unexpected(path, examples, "The examples are neither a text nor a list")


def _bullets(node: yaml.ScalarNode, path: Path) -> Iterator[tuple[int, str]]:
    """The examples of a text of ``- …`` lines, with the lines of the file on which they stand."""
    line = node.start_mark.line + 1
    for index, row in enumerate(node.value.split("\n")):
        # Only in a literal block does each line of the value stand on a line of its own.
        number = line + 1 + index if node.style == "|" else line
        bullet = row.strip()
        if not bullet:
            continue
        if not bullet.startswith("-"):
            raise UserError(
                f"The example does not begin with a dash: {bullet!r:.60}",
                where=at_line(path, number),
                todo="Rasa would skip it. Each example is one line '- text'.",
            )
        example = row.lstrip()[1:].strip(EDGES)
        if example:
            yield number, example


def _listed(node: yaml.Node, path: Path, meta: dict[str, Any]) -> Record:
    """An example with metadata: an item of a list instead of a line of a text."""
    fields = _fields(node, path)
    if "text" not in fields:
        raise _unexpected(path, node, "The example has no 'text'")
    example = _scalar(fields["text"], path, "The example")
    if fields["text"].style in ("|", ">"):
        # A block ends in a line end that is not meant; quotes say just what is meant.
        example = example.strip(EDGES)
    text, spans = parse_markup(example, _place(path, node))
    rest = {key: _plain(value, path) for key, value in fields.items() if key != "text"}
    metadata = rest.pop("metadata", {})
    if isinstance(metadata, dict) and not metadata.keys() & (meta.keys() | rest.keys()):
        rest.update(metadata)
    else:
        rest["metadata"] = metadata
    return Record(text, tuple(spans), node.start_mark.line + 1, {**rest, **meta})


FORMAT = Format(
    name="rasa-yaml",
    title="Rasa NLU training data, YAML",
    sniff=sniff_rasa_yaml,
    read=read_rasa_yaml,
    unit=MADE,
    write=write_rasa_yaml,
)
