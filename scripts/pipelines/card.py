"""The model card of a trained pipeline: README.md and the fields of meta.json.

The front matter is the Hugging Face hub's (model-index; huggingface/hub-docs, modelcard.md).
``spacy huggingface-hub push`` (spacy-huggingface-hub 0.0.10, push.py) makes a front matter of its
own from meta.json (language, license, components, performance) and puts it before the package's
README.md as it stands: a package must carry the card without its front matter
(``without_front_matter``), or the page shows the second one as text.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..common.errors import UserError
from ..common.files import new_file, write_json
from .card_facts import (
    cautions,
    data_facts,
    encoder_facts,
    limits,
    pretrained,
    span_facts,
    training_facts,
)
from .card_inputs import CardInputs, encoder_name
from .licences import choose_licence, hub_licence
from .suggestions import entity_labels

TEMPLATE = "card.md.j2"
README = "README.md"
FRONT_MATTER = re.compile(r"\A---\n(.*?\n)---\n\n?", re.DOTALL)
REQUIRED = ("language", "license", "library_name", "pipeline_tag", "tags", "model-index")
GOLDS = {"repaired": "repaired gold", "as_given": "gold as given"}
# What the hub calls the three; the names are those of spacy-huggingface-hub.
METRICS = {"p": ("NER Precision", "precision"), "r": ("NER Recall", "recall"),
           "f": ("NER F Score", "f_score")}  # fmt: skip
ABSOLUTE = re.compile(r'"((?:/|[A-Za-z]:(?:\\\\|\\|/)|\\\\)[^"]*)"')
PATH_LINE = re.compile(r"(train|dev|tokenizer|vectors|init_tok2vec|output_file|name|source) = ")


def render_card(inputs: CardInputs) -> str:
    """The card: front matter and text; the same inputs give the same bytes.

    Raises:
        UserError: The licence that the author states cannot be (see ``choose_licence``).
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, autoescape=False, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters.update(cell=_cell, percent=_percent, interval=_interval, count=_count)
    matter = front_matter(inputs)
    text = environment.get_template(TEMPLATE).render(
        name=matter["model-index"][0]["name"],
        meta=inputs.meta,
        labels=entity_labels(inputs.meta["labels"], inputs.config),
        owner=inputs.owner,
        description=describe(inputs),
        licence=matter["license"],
        metrics=inputs.metrics,
        golds=GOLDS,
        main=main_dataset(inputs),
        calibration=inputs.calibration,
        data=data_facts(inputs),
        encoder=encoder_facts(inputs),
        spans=span_facts(inputs),
        training=training_facts(inputs),
        limits=limits(inputs, main_dataset(inputs)),
        cautions=cautions(inputs),
    )
    block = yaml.safe_dump(matter, allow_unicode=True, sort_keys=False, width=100)
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    return f"---\n{block}---\n\n{text}\n"


def front_matter(inputs: CardInputs) -> dict[str, Any]:
    """The card's metadata in the hub's form; undefined scores are left out, as it wants numbers."""
    lang = inputs.meta["lang"]
    matter: dict[str, Any] = {
        "language": ["multilingual" if lang == "xx" else lang],
        "license": licence_of(inputs),
        "library_name": "spacy",
        "pipeline_tag": "token-classification",
        "tags": ["spacy", "token-classification", "ner"],
    }
    if inputs.encoder is not None and inputs.encoder.kind == "hub":
        matter["base_model"] = inputs.encoder.name
    matter["metrics"] = ["precision", "recall", "f1"]
    results = [_result(name, data, gold) for name, data in inputs.metrics.items() for gold in GOLDS]
    name = f"{lang}_{inputs.owner.name}"
    matter["model-index"] = [{"name": name, "results": [r for r in results if r["metrics"]]}]
    return matter


def _result(name: str, data: dict[str, Any], gold: str) -> dict[str, Any]:
    micro = data["gold"][gold]["micro"]
    return {
        "task": {"name": "NER", "type": "token-classification"},
        "dataset": {"name": f"{name}, {GOLDS[gold]}", "type": "custom",
                    "split": data.get("split", name)},
        "metrics": [
            {"name": title, "type": kind, "value": micro[key]}
            for key, (title, kind) in METRICS.items()
            if micro.get(key) is not None
        ],
    }  # fmt: skip


def licence_of(inputs: CardInputs) -> str:
    """The hub's identifier of the licence of the weights."""
    encoder = inputs.encoder.licence if pretrained(inputs) else None
    return choose_licence(inputs.owner.licence, encoder)


def main_dataset(inputs: CardInputs) -> str:
    """The dataset whose tables the card shows: test, else the first test set, else dev."""
    names = list(inputs.metrics)
    return "test" if "test" in names else next((n for n in names if n != "dev"), names[0])


def describe(inputs: CardInputs) -> str:
    """One sentence on the pipeline: the author's, or one made from the data."""
    if inputs.owner.description:
        return inputs.owner.description
    labels = ", ".join(entity_labels(inputs.meta["labels"], inputs.config))
    return f"Named entities in texts of language {inputs.meta['lang']}: {labels}."


def fill_meta(inputs: CardInputs) -> dict[str, Any]:
    """The pipeline's meta with what the card knows.

    ``performance`` stays as spaCy wrote it: ``train --resume`` compares its F on dev, and it is
    what ``push`` shows. The scores of the card stand under ``evaluation``.
    """
    meta = dict(inputs.meta)
    meta["license"] = licence_of(inputs)
    meta["description"] = describe(inputs)
    for key in ("author", "email", "url"):
        meta[key] = getattr(inputs.owner, key) or meta.get(key, "")
    meta["sources"] = _sources(inputs)
    meta["notes"] = _notes(inputs)
    meta["evaluation"] = [
        {"dataset": name, "gold": gold, "docs": data["docs"], "spans": data["gold"][gold]["spans"],
         **{key: data["gold"][gold]["micro"].get(key) for key in ("p", "r", "f", "f_ci")}}
        for name, data in inputs.metrics.items()
        for gold in GOLDS
    ]  # fmt: skip
    return meta


def _sources(inputs: CardInputs) -> list[dict[str, str]]:
    """Training data and encoder; strings alone, as spaCy's schema of meta.json wants."""
    owner, found = inputs.owner, []
    data = owner.data_name or ", ".join(f["name"] for f in data_facts(inputs)["files"])
    found.append({"name": data, "license": hub_licence(owner.data_licence)})
    if inputs.encoder is not None and inputs.encoder.kind != "none":
        source = {"name": encoder_name(inputs.encoder)}
        source["license"] = hub_licence(inputs.encoder.licence)
        if inputs.encoder.kind == "hub":
            source["url"] = f"https://huggingface.co/{inputs.encoder.name}"
        found.append(source)
    return found


def _notes(inputs: CardInputs) -> str:
    name = main_dataset(inputs)
    data = inputs.metrics[name]
    micro = data["gold"]["repaired"]["micro"]
    return (
        f"The accuracy above is spaCy's on dev, which chose the checkpoint. On {name} "
        f"({data['docs']} texts, repaired gold): F {_percent(micro['f'])} "
        f"{_interval(micro.get('f_ci'))}. README.md of the pipeline has the whole card."
    )


def without_front_matter(card: str) -> str:
    """The text of a card, for packages (see above); unchanged where there is no front matter."""
    return FRONT_MATTER.sub("", card, count=1)


def check_card(card: str) -> dict[str, Any]:
    """The front matter of a card that the hub will take.

    Raises:
        UserError: There is no front matter, it is no YAML, or a field is missing or not of its
            form.
    """
    found = FRONT_MATTER.match(card)
    try:
        matter = yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError as error:
        raise UserError(f"The card's front matter is no YAML: {error}") from None
    if not isinstance(matter, dict):
        raise UserError("The card has no front matter")
    missing = [key for key in REQUIRED if not matter.get(key)]
    if missing:
        raise UserError(f"The card's front matter lacks {', '.join(missing)}")
    for result in matter["model-index"][0]["results"]:
        values = [metric["value"] for metric in result["metrics"]]
        if not all(isinstance(v, (int, float)) and 0 <= v <= 1 for v in values):
            raise UserError(f"A score of the card is no share: {values}")
    return matter


def write_card(inputs: CardInputs, pipeline: Path, output: Path) -> int:
    """Writes README.md and meta.json, and shortens absolute paths in config.cfg.

    Args:
        inputs: What the card is made from.
        pipeline: The pipeline.
        output: Where the three go: the pipeline itself, or another directory.

    Returns:
        The number of paths shortened.
    """
    card = render_card(inputs)
    check_card(card)
    meta = fill_meta(inputs)
    config, shortened = portable_config((pipeline / "config.cfg").read_text(encoding="utf8"))
    output.mkdir(parents=True, exist_ok=True)
    with new_file(output / "meta.json") as temporary:
        write_json(temporary, meta)
    with new_file(output / README) as temporary:
        temporary.write_text(card, encoding="utf8", newline="\n")
    if shortened:
        with new_file(output / "config.cfg") as temporary:
            temporary.write_text(config, encoding="utf8", newline="\n")
    elif output.resolve() != pipeline.resolve():
        shutil.copyfile(pipeline / "config.cfg", output / "config.cfg")
    return shortened


def portable_config(config: str) -> tuple[str, int]:
    """A config in which absolute paths are cut down to their last part, and how many were.

    ``[paths]`` and the logger keep what the training was given, home directories and all; a
    trained pipeline is loaded without any of them.
    """
    lines, shortened = config.split("\n"), 0
    for i, line in enumerate(lines):
        if PATH_LINE.match(line):
            lines[i], n = ABSOLUTE.subn(_last_part, line)
            shortened += n
    return "\n".join(lines), shortened


def _last_part(match: re.Match[str]) -> str:
    name = re.split(r"[/\\]+", match[1].rstrip("/\\"))[-1]
    return f'"{name}"'


def _cell(value: Any) -> str:
    """A value that cannot break a table or start HTML."""
    text = " ".join(str(value).split())
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _interval(value: list[float] | None) -> str:
    return "" if not value or None in value else f"[{100 * value[0]:.1f}, {100 * value[1]:.1f}]"


def _count(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"
