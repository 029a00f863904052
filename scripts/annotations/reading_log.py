"""What reading a file came to: assumptions, things left out, labels renamed; all counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from ..common.tables import Table
from .formats.base import NOTICES, Notice
from .reading import LabelUse

ASSUMED = "read-as"
# A directory says something of each of its files; so many are printed, all are in the findings.
SHOWN_ASSUMPTIONS = 5


class ReadingLog:
    """Takes down the notices of one file.

    Args:
        sink: Gets every notice as a line for findings.jsonl, as it comes.
    """

    def __init__(self, sink: Callable[[dict[str, Any]], None] = lambda line: None) -> None:
        self.sink = sink
        self.assumed: list[str] = []
        self.more = 0
        self.notices: Counter[str] = Counter()
        self.spans: Counter[str] = Counter()
        self.labels: LabelUse = Counter()

    def tell(self, notice: Notice) -> None:
        """Takes one notice down."""
        if notice.code == ASSUMED:
            self._assume(notice)
            return
        self.notices[notice.code] += 1
        self.spans[notice.code] += notice.spans
        self._list(notice)

    def _assume(self, notice: Notice) -> None:
        if notice.file is not None or notice.line:
            self._list(notice)
        if notice.note in self.assumed:
            return
        if len(self.assumed) < SHOWN_ASSUMPTIONS:
            self.assumed.append(notice.note)
        else:
            self.more += 1

    def _list(self, notice: Notice) -> None:
        self.sink(
            {"scope": "file", "file": notice.file, "line": notice.line, "faults": [notice.code],
             "spans": notice.spans, "note": notice.note}
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """The counts as they stand in audit.json."""
        more = [f"… and {self.more} more such lines, in the findings"] if self.more else []
        return {
            "assumed": [*self.assumed, *more],
            "notices": {
                code: {"count": count, "spans": self.spans[code]}
                for code, count in sorted(self.notices.items())
            },
            "labels": [
                {"label": old, "used": new, "spans": count}
                for (old, new), count in sorted(self.labels.items(), key=str)
            ],
        }


def reading_tables(logs: dict[str, dict[str, Any]]) -> list[Table]:
    """Tables of what reading came to, from ``ReadingLog.as_dict`` by name of the input."""
    notices = [
        (code, name, row["count"], row["spans"], NOTICES[code])
        for name, log in logs.items()
        for code, row in log["notices"].items()
    ]
    labels = [
        (row["label"], row["used"] or "(dropped)", name, row["spans"])
        for name, log in logs.items()
        for row in log["labels"]
        if row["label"] != row["used"]
    ]
    header = ("notice", "input", "times", "spans not read", "meaning")
    tables = [
        Table("While reading", header, notices),
        Table("Labels", ("label", "used as", "input", "spans"), labels),
    ]
    return [table for table in tables if table.rows]


def agreement_table(rows: list[dict[str, Any]]) -> Table:
    """The pairwise agreement of annotators, from ``Agreements.rows``."""
    return Table(
        "Agreement of annotators (F over exact spans, Cohen's kappa over tokens)",
        ("annotators", "texts", "spans", "both", "F", "kappa"),
        [
            (" / ".join(row["annotators"]), row["texts"], " / ".join(map(str, row["spans"])),
             row["both"], _shown(row["f"]), _shown(row["kappa"]))
            for row in rows
        ],
    )  # fmt: skip


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
