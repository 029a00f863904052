"""Reviewed decisions taken into a copy of a span JSONL file; nothing else in it changes."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..annotations.formats.parts.json_source import BOM, find_layout, read_all_lines
from ..annotations.formats.span_jsonl import (
    END_KEYS,
    LABEL_KEYS,
    SPANS_KEYS,
    START_KEYS,
    SURFACE_KEYS,
    parse_line,
)
from ..common.errors import UserError, at_line
from ..common.files import json_line, new_file
from .review import DECISIONS

Triple = tuple[int, int, str]


@dataclass(frozen=True)
class Decision:
    """A reviewer's decision on a suspect.

    Args:
        suspect: Its number.
        line: Line of the annotation file, from 1.
        text: The text that was reviewed.
        decision: accept, keep, edit or skip.
        before: The span as the file gives it; None if there was none.
        after: The span wanted; None if none is.
    """

    suspect: int
    line: int
    text: str
    decision: str
    before: Triple | None
    after: Triple | None

    @property
    def changes(self) -> bool:
        """Whether it asks for a change."""
        return self.decision in ("accept", "edit") and self.before != self.after


@dataclass
class Applied:
    """What became of the decisions.

    Args:
        decisions: Number of decisions by name.
        findings: One for each change asked for: what was done, or why not.
    """

    decisions: Counter[str] = field(default_factory=Counter)
    findings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def changes(self) -> Counter[str]:
        """Number of findings by what was done."""
        return Counter(finding["change"] for finding in self.findings)


def read_decisions(path: Path) -> list[Decision]:
    """Reads the decisions that the review page downloads.

    Raises:
        UserError: A line is no decision, decides a suspect twice, or is of a file whose offsets
            cannot be written.
    """
    if not path.is_file():
        raise UserError("There is no such file of decisions", where=str(path))
    found: dict[int, Decision] = {}
    for number, line in read_all_lines(path):
        if not line.strip():
            continue
        where = at_line(path, number)
        decision = _decision(parse_line(line, path, number), where)
        if decision.suspect in found:
            raise UserError(f"Suspect {decision.suspect} is decided twice", where=where)
        found[decision.suspect] = decision
    return list(found.values())


def _decision(value: dict[str, Any], where: str) -> Decision:
    name = value.get("decision")
    if name not in DECISIONS:
        raise UserError(f"{name!r} is no decision", where=where,
                        todo=f"Possible: {', '.join(DECISIONS)}.")  # fmt: skip
    try:
        wanted = value["edited"] if name == "edit" else value["suggestion"]
        decision = Decision(
            suspect=int(value["suspect"]), line=int(value["line"]), text=str(value["text"]),
            decision=name, before=_triple(value["given"]), after=_triple(wanted),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"The line is no decision: {error!r}", where=where,
                        todo="Download the decisions from suspects.html.") from None  # fmt: skip
    if decision.after is not None:
        start, end, label = decision.after
        if not (0 <= start < end <= len(decision.text) and label):
            raise UserError(f"The span wanted is none: {list(decision.after)}", where=where)
    if decision.changes and not value.get("applicable"):
        raise UserError(
            "The file's offsets are not code points with exclusive ends",
            where=where,
            todo="Turn it into span JSONL with scripts.import, and look for suspects in that.",
        )
    if decision.changes and value.get("gold") is not None and decision.before is None:
        raise UserError(
            "The span reviewed is not in the file: it was taken over from another", where=where
        )
    return decision


def _triple(value: Any) -> Triple | None:
    if value is None:
        return None
    start, end, label = value
    if type(start) is not int or type(end) is not int or not isinstance(label, str):
        raise ValueError(f"{value!r} is no [start, end, label]")
    return start, end, label


def apply_decisions(decisions: Sequence[Decision], train: Path, output: Path) -> Applied:
    """Writes a copy of a span JSONL file with the accepted and edited decisions taken in.

    Lines without a change are copied byte for byte; in the others only the spans decided on
    change, and keep their form. Removals come before additions; an addition that overlaps a span
    that stays is not done but listed. ``OUTPUT.findings.jsonl`` lists every change.

    Args:
        decisions: What ``read_decisions`` gives.
        train: The file that suspects were looked for in.
        output: The copy to write; must not exist as the file itself.

    Raises:
        UserError: The output is the input, the file is not span JSONL with one record a line, or
            a text or span reviewed is no longer there. Then nothing is written.
    """
    if output.resolve() == train.resolve():
        raise UserError("The output is the input", where=str(output), todo="Name another file.")
    if not train.is_file():
        raise UserError("There is no such training file", where=str(train))
    if find_layout(train) != "lines":
        raise UserError("The file does not hold one record a line", where=str(train),
                        todo="Turn it into span JSONL with scripts.import.")  # fmt: skip
    applied = Applied(Counter(decision.decision for decision in decisions))
    wanted: dict[int, list[Decision]] = defaultdict(list)
    for decision in decisions:
        wanted[decision.line].append(decision)
    path = output.with_name(f"{output.name}.findings.jsonl")
    with new_file(output) as new, new_file(path) as listed:
        with new.open("wb") as file:
            for raw in _changed_lines(train, wanted, applied):
                file.write(raw)
        with listed.open("w", encoding="utf8", newline="\n") as file:
            file.writelines(json_line(finding) for finding in applied.findings)
    return applied


def _changed_lines(
    train: Path, wanted: Mapping[int, list[Decision]], applied: Applied
) -> Iterator[bytes]:
    left = set(wanted)
    with train.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            left.discard(number)
            yield _changed_line(raw, train, number, wanted.get(number, []), applied)
    if left:
        raise UserError(
            "The file is shorter than the one reviewed", where=at_line(train, min(left)),
            todo="Give the file in which the suspects were found.",
        )  # fmt: skip


def _changed_line(
    raw: bytes, train: Path, number: int, decisions: Sequence[Decision], applied: Applied
) -> bytes:
    if not decisions:
        return raw
    bare = raw.rstrip(b"\r\n")
    value = parse_line(bare.decode("utf-8-sig" if number == 1 else "utf8"), train, number)
    where = at_line(train, number, value.get("id"))
    _check_text(value, decisions, where)
    changing = [decision for decision in decisions if decision.changes]
    if not changing:
        return raw
    key = _spans_key(value, where)
    items = value[key]
    before = len(applied.findings)
    _change(items, changing, value, where, number, applied)
    if not any(f["change"] != "not-applied" for f in applied.findings[before:]):
        return raw
    head = BOM if number == 1 and raw.startswith(BOM.encode()) else ""
    line = json.dumps(value, ensure_ascii=bare.removeprefix(BOM.encode()).isascii())
    return (head + line).encode("utf8") + raw[len(bare) :]


def _check_text(value: dict[str, Any], decisions: Sequence[Decision], where: str) -> None:
    text = value.get("text", value.get("data"))
    for decision in decisions:
        if text != decision.text:
            raise UserError(
                f"The text is not the one that was reviewed (suspect {decision.suspect})",
                where=where,
                todo="The file has changed since. Look for suspects anew; nothing was written.",
            )


def _spans_key(value: dict[str, Any], where: str) -> str:
    found = [key for key in SPANS_KEYS if isinstance(value.get(key), list)]
    filled = [key for key in found if value[key]] or found[:1]
    if len(filled) != 1:
        raise UserError("It is not clear which list holds the spans", where=where,
                        todo="Turn it into span JSONL with scripts.import.")  # fmt: skip
    if any(isinstance(item, dict) and "user" in item for item in value[filled[0]]):
        raise UserError(
            "The record has spans of several annotators", where=where,
            todo="Bring them together with scripts.import --annotators, and look again.",
        )  # fmt: skip
    return filled[0]


def _change(
    items: list[Any], decisions: Sequence[Decision], value: dict[str, Any], where: str,
    number: int, applied: Applied,
) -> None:  # fmt: skip
    """Takes the decisions into a record's list of spans."""
    text = decisions[0].text
    decided: set[Triple] = set()
    for decision in decisions:
        if decision.before is None:
            continue
        if decision.before in decided:
            raise UserError(f"Two decisions on the span {list(decision.before)}", where=where)
        decided.add(decision.before)
        if not any(_read(item) == decision.before for item in items):
            raise UserError(
                f"The span {list(decision.before)} of suspect {decision.suspect} is not there",
                where=where,
                todo="The file has changed since. Look for suspects anew; nothing was written.",
            )
    for decision in sorted(decisions, key=lambda d: (d.after is not None, d.suspect)):
        own = [i for i, item in enumerate(items) if _read(item) == decision.before]
        clash = _obstacle(items, decision, own, decided)
        finding = {
            "suspect": decision.suspect, "line": number, "id": value.get("id"),
            "decision": decision.decision, "change": "not-applied" if clash else _name(decision),
            "before": _shown(decision.before), "after": _shown(decision.after),
            "before_text": _words(text, decision.before),
            "after_text": _words(text, decision.after), "note": clash,
        }  # fmt: skip
        applied.findings.append(finding)
        if clash:
            continue
        if decision.after is None:
            items[:] = [item for i, item in enumerate(items) if i not in own]
        elif decision.before is None:
            items.append(_like(items, decision.after))
        else:
            for i in own:
                items[i] = _moved(items[i], decision.after, text)


def _obstacle(
    items: Sequence[Any], decision: Decision, own: Sequence[int], decided: set[Triple]
) -> str:
    """Why a decision cannot be done, in words; empty if it can."""
    if any(isinstance(items[i], dict) and items[i].get("fragments") for i in own):
        return "the span is discontinuous"
    if decision.after is None:
        return ""
    start, end, _ = decision.after
    for i, item in enumerate(items):
        other = _read(item)
        if i not in own and other and other[0] < end and start < other[1]:
            return f"it would overlap {list(other)}"
    return ""


def _name(decision: Decision) -> str:
    if decision.before is None:
        return "added"
    if decision.after is None:
        return "removed"
    return "label" if decision.before[:2] == decision.after[:2] else "boundary"


def _shown(span: Triple | None) -> list[Any] | None:
    return list(span) if span else None


def _words(text: str, span: Triple | None) -> str | None:
    return text[span[0] : span[1]] if span else None


def _read(item: Any) -> Triple | None:
    """Start, end and label of a span in any of its forms."""
    if isinstance(item, list) and len(item) == 3:
        return item[0], item[1], item[2]
    if not isinstance(item, dict):
        return None
    if isinstance(item.get("span"), list) and len(item["span"]) == 2:
        start, end = item["span"]
    else:
        start, end = (item.get(_key(item, keys)) for keys in (START_KEYS, END_KEYS))
    return start, end, item.get(_key(item, LABEL_KEYS))


def _key(item: Mapping[str, Any], keys: Sequence[str]) -> str:
    return next((key for key in keys if key in item), keys[0])


def _moved(item: Any, span: Triple, text: str) -> Any:
    """A span of the file with other values, in its own form."""
    if isinstance(item, list):
        return list(span)
    item = dict(item)
    if isinstance(item.get("span"), list):
        item["span"] = list(span[:2])
    else:
        item[_key(item, START_KEYS)], item[_key(item, END_KEYS)] = span[:2]
    item[_key(item, LABEL_KEYS)] = span[2]
    surface = next((key for key in SURFACE_KEYS if isinstance(item.get(key), str)), None)
    if surface:
        item[surface] = text[span[0] : span[1]]
    return item


def _like(items: Sequence[Any], span: Triple) -> Any:
    """A new span in the form of the record's others."""
    if not items or not isinstance(items[0], dict):
        return list(span)
    model = items[0]
    if isinstance(model.get("span"), list):
        return {"span": list(span[:2]), _key(model, LABEL_KEYS): span[2]}
    return dict(zip((_key(model, keys) for keys in (START_KEYS, END_KEYS, LABEL_KEYS)), span,
                    strict=True))  # fmt: skip
