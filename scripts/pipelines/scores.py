"""F on dev under the name that spaCy has for it: that of a ner, or of a span categorizer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

NER_F = "ents_f"
# Of a span categorizer that writes doc.spans[KEY], over all its spans: spans_KEY_f.
SPANS_F = re.compile(r"spans_.+_f")


def f_name(names: Iterable[str]) -> str | None:
    """The name of F among those of scores; that of a ner comes first. None if there is none."""
    known = list(names)
    if NER_F in known:
        return NER_F
    return next((name for name in known if SPANS_F.fullmatch(name)), None)


def noted_f(performance: Mapping[str, Any]) -> float | None:
    """F on dev (0 to 1) among the scores that spaCy noted in a pipeline's meta.json."""
    name = f_name(performance)
    return None if name is None else performance[name]
