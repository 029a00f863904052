"""What a model card says of data, encoder, training and limits, derived from the inputs."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from .card_inputs import CardInputs, encoder_name
from .licences import UNKNOWN, hub_licence, meaning
from .meta import BEST_FIRST, ENTITIES, NER, ORIGIN
from .suggestions import spancats

# As spacy debug data: fewer training examples of a label are called few
# (NEW_LABEL_THRESHOLD in spacy/cli/debug_data.py).
FEW = 50
WIDE = 0.2
NOT_MEASURED = "not measured"


def pretrained(inputs: CardInputs) -> bool:
    """Whether the pipeline holds the weights of an encoder that somebody else made."""
    return inputs.encoder is not None and inputs.encoder.kind in ("hub", "directory")


def data_facts(inputs: CardInputs) -> dict[str, Any]:
    """Files, counts, faults and leaks of the corpus; of paths the last part alone."""
    audit = inputs.audit
    given = inputs.owner.data_licence
    splits = sorted(audit["splits"], key=lambda n: (n != "train", n != "dev", n != "test", n))
    faults = [
        {
            "unit": unit,
            **{key: row[key] for key in ("fault", "description", "policy")},
            "counts": {split: _total(row["splits"].get(split, {})) for split in splits},
        }
        for unit, rows in (("spans", audit["faults"]), ("texts", audit["record_faults"]))
        for row in rows
    ]
    return {
        "name": inputs.owner.data_name,
        "licence": given or UNKNOWN,
        "meaning": meaning(hub_licence(given), "the data"),
        "files": [
            {"split": split, "name": _last_part(entry["path"]), "md5": entry["md5"],
             "records": entry["records"]}
            for split, entry in sorted(audit["inputs"].items(), key=lambda item: (
                splits.index(item[0]) if item[0] in splits else len(splits), item[0]))
        ],
        "splits": {name: audit["splits"][name] for name in splits},
        "labels": sorted({label for s in audit["splits"].values() for label in s["labels"]}),
        "method": audit["split_method"],
        "faults": [row for row in faults if any(row["counts"].values())],
        "leaks": audit.get("leaks"),
        "same_corpus": inputs.same_corpus,
    }  # fmt: skip


def _total(counts: dict[str, int]) -> int:
    if "records" in counts:
        return counts["records"]
    return sum(counts.get(fate, 0) for fate in ("kept", "repaired", "missing", "refused"))


def encoder_facts(inputs: CardInputs) -> dict[str, Any] | None:
    """Name, licence and measures of the encoder; None where the pipeline has none."""
    report = inputs.encoder
    if report is None or report.kind == "none":
        return None
    licence = hub_licence(report.licence)
    return {
        "name": encoder_name(report),
        "kind": report.kind,
        "revision": report.revision,
        "licence": report.licence or UNKNOWN,
        "hub_licence": licence,
        "meaning": meaning(licence, "the encoder"),
        "architecture": report.architecture,
        "parameters": report.parameters,
        "normaliser": report.normaliser,
        "wordpieces_per_token": report.wordpieces_per_token,
        "unknown_rate": report.unknown_rate,
        "window": report.window,
        "stride": report.stride,
        "truncated_tokens": report.truncated_tokens,
    }


def span_facts(inputs: CardInputs) -> dict[str, Any] | None:
    """Key of the spans that share tokens, and how entities are chosen; None where a ner marks them.

    A pipeline that says nothing of it is an earlier one, whose entities were the best.
    """
    found = list(spancats(inputs.config).values())
    if NER in inputs.meta["pipeline"] or not found:
        return None
    return {
        "key": found[-1]["spans_key"],
        "choice": inputs.meta.get(ORIGIN, {}).get(ENTITIES, BEST_FIRST),
    }


def training_facts(inputs: CardInputs) -> dict[str, Any]:
    """Settings of the training, what its log says, and where and how long it ran, if noted."""
    training = inputs.config["training"]
    optimizer = training.get("optimizer", {})
    rate = optimizer.get("learn_rate")
    noted = inputs.meta.get(ORIGIN, {})
    # With augmentation the batcher is around another one.
    batcher = training["batcher"]
    settings: dict[str, Any] = {
        "pipeline": ", ".join(inputs.meta["pipeline"]),
        "optimizer": optimizer.get("@optimizers"),
        "learning rate": _schedule(rate) if isinstance(rate, dict) else rate,
        "dropout": training["dropout"],
        "batches": _schedule(batcher.get("batcher", batcher)),
        "augmentation": _augmentation(batcher),
        "accumulate_gradient": training["accumulate_gradient"],
        "max_steps": training["max_steps"],
        "patience": training["patience"],
        "eval_frequency": training["eval_frequency"],
        "seed": training["seed"],
    }
    transformer = inputs.config["components"].get("transformer", {}).get("model", {})
    if transformer:
        settings["mixed_precision"] = transformer.get("mixed_precision")
        settings["window, stride"] = _schedule(transformer.get("get_spans", {}))
    seconds = noted.get("seconds")
    return {
        "settings": {name: value for name, value in settings.items() if value is not None},
        **_progress(inputs),
        "wall_time": NOT_MEASURED if seconds is None else f"{seconds / 60:.1f} minutes",
        "device": noted.get("device") or "not noted",
        "energy": NOT_MEASURED,
        "machines": {
            name: {k: str(v) for k, v in data.get("machine", {}).items() if v is not None}
            for name, data in inputs.metrics.items()
        },
    }


def _progress(inputs: CardInputs) -> dict[str, Any]:
    """Steps of the log and the step saved; None where the log is absent or of another training."""
    saved = inputs.saved_row
    if saved is None:
        return {"steps": None, "epochs": None, "best_step": None, "best_score": None}
    last = inputs.log[-1]
    return {"steps": last["step"], "epochs": last["epoch"],
            "best_step": saved["step"], "best_score": saved["score"]}  # fmt: skip


def _augmentation(batcher: dict[str, Any]) -> str | None:
    """What changed the training texts, and the share of them; None where nothing did."""
    names = [name.replace("_", " ") for name in batcher.get("augmenters", {})]
    return f"{', '.join(names)}: {batcher['level']:.0%} of the texts" if names else None


def _schedule(block: dict[str, Any]) -> str:
    """A config block in one line: the registered name, then its settings."""
    name = next((value for key, value in block.items() if key.startswith("@")), "")
    settings = [f"{key} {value}" for key, value in block.items()
                if not key.startswith("@") and isinstance(value, (int, float, str))]  # fmt: skip
    return ": ".join(part for part in (name, ", ".join(settings)) if part)


def cautions(inputs: CardInputs) -> list[str]:
    """What makes the scores doubtful, from the files themselves."""
    found = []
    if inputs.same_corpus is None:
        found.append(
            "The pipeline does not say on which corpus it was trained; the one described here is "
            "the one that lay beside it. Leaks cannot be excluded."
        )
    if inputs.other_training:
        found.append(
            "F on dev differs from the one that spaCy noted when it saved the pipeline: the "
            "scores may be of another training."
        )
    if inputs.log and inputs.saved_row is None:
        found.append("No row of the training log has the F that spaCy noted when it saved the "
                     "pipeline: the log is of another training, and is left out.")  # fmt: skip
    if inputs.other_calibration:
        found.append("calibration.json was made for another pipeline, and is left out.")
    for name, data in inputs.metrics.items():
        if data.get("trained_on_this_corpus") is False:
            found.append(f"{name} belongs to another corpus than the training texts: texts of it "
                         "may have been trained on.")  # fmt: skip
    if set(inputs.metrics) == {"dev"}:
        found.append("There are no scores on a test set: dev chose the checkpoint, so that every "
                     "score here is optimistic.")  # fmt: skip
    elif "dev" in inputs.metrics:
        found.append("dev chose the checkpoint: its scores are optimistic, those of the other sets "
                     "are not.")  # fmt: skip
    return found


def limits(inputs: CardInputs, dataset: str) -> list[str]:
    """What the pipeline cannot be trusted with, as far as the data shows it.

    Args:
        inputs: The card's inputs.
        dataset: The dataset whose scores are looked at.
    """
    audit, scored = inputs.audit, inputs.metrics[dataset]
    train = audit["splits"].get("train", {})
    lengths = train.get("token_lengths", {})
    found = [
        f"**Language**: trained on texts of language {audit['lang']} alone; nothing was measured "
        "on any other.",
        f"**Text lengths**: training texts have {lengths.get('mean')} tokens on average, the "
        f"longest {lengths.get('max')}. Longer texts were not trained on.",
    ]
    known = train.get("labels", {})
    few = [f"{label} ({n})" for label, n in sorted(known.items()) if n < FEW]
    if few:
        found.append(f"**Labels with fewer than {FEW} training spans**: {', '.join(few)}.")
    wide = [
        f"{label} ({100 * values['f_ci'][0]:.0f}–{100 * values['f_ci'][1]:.0f})"
        for label, values in sorted(scored["gold"]["repaired"]["labels"].items())
        if values.get("f_ci") and values["f_ci"][1] - values["f_ci"][0] > WIDE
    ]
    if wide:
        found.append(f"**Labels whose F on {dataset} is uncertain by more than {100 * WIDE:.0f} "
                     f"points** (95 % interval): {', '.join(wide)}.")  # fmt: skip
    surfaces = {row["name"]: row for row in scored.get("slices", {}).get("surface", [])}
    if "unseen" in surfaces and surfaces["unseen"]["r"] is not None:
        unseen = surfaces["unseen"]
        found.append(f"**Names never seen in training**: recall {100 * unseen['r']:.1f} on the "
                     f"{unseen['gold']:,} of them in {dataset}.")  # fmt: skip
    missing = train.get("spans", {}).get("missing", 0)
    if missing:
        found.append(f"**Unclear annotation**: {missing:,} training spans could not be aligned and "
                     "were left unannotated.")  # fmt: skip
    return found + _encoder_limits(inputs)


def _encoder_limits(inputs: CardInputs) -> list[str]:
    report = inputs.encoder
    if report is None:
        return []
    found = []
    if report.window:
        found.append(
            f"**Context**: the encoder sees windows of {report.window} tokens; "
            f"{report.truncated_tokens or 0:,} tokens of the measured texts were cut off."
        )
    if report.kind == "sample":
        found.append(
            "**The encoder is a demonstration**: made from the training texts alone, without "
            "pretraining. Its scores say nothing of what a pretrained encoder would reach."
        )
    return found


def _last_part(path: str) -> str:
    return PurePosixPath(re.sub(r"\\", "/", path)).name
