"""The evaluations on dev of a training that runs, read from what it prints.

spaCy's logger keeps its JSONL file in a buffer until the training ends; its table it prints row by
row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..common.errors import UserError
from ..pipelines.scores import NER_F, f_name

# E, #, one loss a component, one column a score, their sum: numbers only (spaCy's ConsoleLogger).
ROW = re.compile(r"\s*\d+(\s+-?(\d+(\.\d+)?|nan|inf)){3,}\s*")


@dataclass(frozen=True)
class TableReader:
    """Finds F on dev in the rows of spaCy's training table.

    Args:
        scores: Columns of scores, in order.
    """

    scores: tuple[str, ...]

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> TableReader:
        """The reader for a config.

        Raises:
            UserError: The config does not print F.
        """
        weights = config["training"]["score_weights"]
        scores = tuple(name for name, weight in weights.items() if weight is not None)
        if f_name(scores) is None:
            raise UserError(
                f"The config does not weigh {NER_F}", todo="Set [training.score_weights] ents_f."
            )
        if not config["training"]["logger"].get("console_output", True):
            raise UserError(
                "The config keeps the training table from being printed",
                todo="Set console_output = true in [training.logger].",
            )
        return cls(scores)

    def read(self, line: str) -> tuple[int, float] | None:
        """Step and F (0 to 1) of a row of the table; None for any other line."""
        if not ROW.fullmatch(line):
            return None
        cells = line.split()
        if len(cells) < len(self.scores) + 3:
            return None
        column = self.scores.index(f_name(self.scores)) - len(self.scores) - 1
        return int(cells[1]), float(cells[column]) / 100
