"""Sections fit the configs, change what they say and nothing else."""

import re
from pathlib import Path

import pytest
from spacy.cli.init_config import fill_config
from spacy.schemas import ConfigSchemaTraining
from spacy.util import load_config, registry

from scripts.common.errors import UserError
from scripts.experiments.setup import Setup, check, differences, made_from
from scripts.pipelines.card_facts import training_facts
from scripts.pipelines.card_inputs import CardInputs, Owner
from scripts.pipelines.config import (
    automatic_settings,
    read_config,
    remove_written,
    write_config,
)
from scripts.pipelines.sections import SECTIONS, merge_sections, read_section, set_by

from .conftest import ROOT

NAMES = sorted(path.stem for path in SECTIONS.glob("*.cfg"))
CONFIGS = {name: ROOT / "configs" / f"{name}.cfg" for name in ("ner", "ner_cpu")}
FITTING = [
    (config, name) for config, path in CONFIGS.items() for name in NAMES
    if set(read_section(name).get("components", {})) <= set(load_config(path)["components"])
]  # fmt: skip


@pytest.fixture
def section(tmp_path):
    """Writes a section and returns its path."""

    def write(text, name="mine.cfg"):
        path = tmp_path / name
        path.write_text(text, encoding="utf8")
        return str(path)

    return write


@pytest.mark.parametrize(("config", "name"), FITTING)
def test_sections_make_a_filled_config_that_resolves(config, name, tmp_path):
    if name.endswith("noise"):
        pytest.importorskip("augmenty", reason="requirements-augment.txt is not installed")
    path = tmp_path / "config.cfg"
    write_config(path, CONFIGS[config], [name])
    before, after = fill_config(tmp_path / "filled.cfg", path, silent=True)
    assert before == after
    resolved = registry.resolve(
        load_config(path, interpolate=True)["training"], schema=ConfigSchemaTraining
    )
    assert resolved["optimizer"].learn_rate >= 0


@pytest.mark.parametrize(("config", "name"), FITTING)
def test_sections_change_only_the_blocks_that_they_name(config, name):
    plain, merged = read_config(CONFIGS[config]), read_config(CONFIGS[config], sections=[name])
    blocks = read_section(name)
    for block, values in plain.items():
        if block not in blocks:
            assert merged[block] == values
    for key, value in plain["training"].items():
        if key not in blocks.get("training", {}):
            assert merged["training"][key] == value


@pytest.mark.parametrize("path", sorted(SECTIONS.glob("*.cfg")), ids=lambda path: path.stem)
def test_sections_say_what_they_are_for(path):
    lines = path.read_text(encoding="utf8").splitlines()
    assert lines[0].startswith("# ")
    pages = [page.read_text(encoding="utf8") for page in (ROOT / "docs").glob("*.md")]
    assert any(re.search(rf"(--with |`){path.stem}`", page) for page in pages)


def test_sections_are_merged_key_by_key_into_the_same_function(base, section):
    path = section('[training.batcher]\n@batchers = "spacy.batch_by_padded.v1"\nsize = 7\n')
    merged = merge_sections(base, [path])
    assert merged["training"]["batcher"] == {**base["training"]["batcher"], "size": 7}
    assert base["training"]["batcher"]["size"] == 2000


def test_sections_replace_the_block_of_another_function_whole(base, section):
    text = '@batchers = "spacy.batch_by_words.v1"\nsize = 100\ndiscard_oversize = false\n'
    merged = merge_sections(base, [section(f"[training.batcher]\n{text}")])
    assert merged["training"]["batcher"] == {
        "@batchers": "spacy.batch_by_words.v1", "size": 100, "discard_oversize": False,
    }  # fmt: skip


@pytest.fixture
def wrapper(section):
    """A section with a batcher around another."""

    @registry.batchers("tests.around.v1")
    def around(batcher: object, level: float):
        return batcher

    return section('[training.batcher]\n@batchers = "tests.around.v1"\nlevel = 0.5\n')


def test_sections_put_a_batcher_around_that_of_all_others(base, wrapper):
    expected = {"@batchers": "tests.around.v1", "level": 0.5,
                "batcher": {**base["training"]["batcher"], "size": 300}}  # fmt: skip
    for order in ([wrapper, "low_data"], ["low_data", wrapper]):
        assert merge_sections(base, order)["training"]["batcher"] == expected


def test_sections_call_all_callbacks_after_the_initialisation(base, section):
    own = '[initialize.after_init]\n@callbacks = "spans.autocast.v1"\ndtype = "float16"\n'
    once = merge_sections(base, ["bf16"])["initialize"]["after_init"]
    assert once == {"@callbacks": "spans.autocast.v1", "dtype": "bfloat16"}
    changed = merge_sections(base, ["bf16", section(own)])["initialize"]["after_init"]
    assert changed == {"@callbacks": "spans.autocast.v1", "dtype": "float16"}
    several = merge_sections(base, ["bf16", "checkpointing", section(own)])
    assert several["initialize"]["after_init"] == {
        "@callbacks": "spans.each.v1",
        "*": {
            "autocast": {"@callbacks": "spans.autocast.v1", "dtype": "float16"},
            "gradient_checkpointing": {"@callbacks": "spans.gradient_checkpointing.v1"},
        },
    }


@pytest.mark.parametrize("order", [["cosine", "adamw"], ["adamw", "cosine"]])
def test_sections_of_optimizer_and_schedule_go_together(base, order):
    optimizer = merge_sections(base, order)["training"]["optimizer"]
    assert optimizer["@optimizers"] == "spans.AdamW.v1"
    assert optimizer["learn_rate"] == {
        "@schedules": "spans.warmup_cosine.v1", "total_steps": "${training.max_steps}",
        "initial_rate": 0.00005, "warmup_steps": 250,
    }  # fmt: skip


def test_sections_give_a_schedule_only_settings_that_it_takes(base, section):
    text = '[training.optimizer.learn_rate]\n@schedules = "constant.v1"\nrate = 0.01\n'
    rate = merge_sections(base, [section(text)])["training"]["optimizer"]["learn_rate"]
    assert rate == {"@schedules": "constant.v1", "rate": 0.01}


def test_sections_call_callbacks_of_any_name(base, section):
    paths = [
        section(f'[initialize.after_init]\n@callbacks = "{name}"\n', f"{i}.cfg")
        for i, name in enumerate(["unversioned", "theirs.autocast.v1"])
    ]
    chain = merge_sections(base, ["bf16", *paths])["initialize"]["after_init"]["*"]
    assert {name: callback["@callbacks"] for name, callback in chain.items()} == {
        "autocast": "spans.autocast.v1", "unversioned": "unversioned",
        "theirs_autocast": "theirs.autocast.v1",
    }  # fmt: skip


def test_sections_keep_a_rate_without_a_schedule():
    optimizer = read_config(CONFIGS["ner_cpu"], sections=["cosine"])["training"]["optimizer"]
    assert optimizer["learn_rate"]["initial_rate"] == 0.001
    assert optimizer["learn_rate"]["warmup_steps"] == 0


def test_sections_yield_to_overrides_and_follow_them():
    overrides = {"training.max_steps": 70, "training.optimizer.learn_rate.initial_rate": 0.1}
    config = read_config(CONFIGS["ner"], overrides, ["cosine"]).interpolate()
    rates = config["training"]["optimizer"]["learn_rate"]
    assert (rates["total_steps"], rates["initial_rate"]) == (70, 0.1)


def test_sections_are_left_alone_by_the_automatic_settings(encoder, corpus):
    given = {"corpus": corpus, "encoder_dir": encoder, "lang": "bn", "seed": 0,
             "log": Path("log.jsonl"), "gpu": True}  # fmt: skip
    precision = "components.transformer.model.mixed_precision"
    assert automatic_settings(CONFIGS["ner"], **given)[precision] is True
    assert precision not in automatic_settings(CONFIGS["ner"], **given, sections=["bf16"])
    assert precision in set_by(["bf16"])


def test_sections_of_augmentation_are_named_in_the_card_without_their_paths():
    overrides = {"paths.tokenizer": "/home/rahim/corpus/tokenizer"}
    config = read_config(CONFIGS["ner_cpu"], overrides, ["augment"]).interpolate()
    inputs = CardInputs({"pipeline": ["ner"]}, config, {}, None, {}, None, False, None, [], Owner())
    settings = training_facts(inputs)["settings"]
    assert settings["augmentation"] == "entity swap: 50% of the texts"
    assert settings["batches"].startswith("spacy.batch_by_words.v1")
    assert "rahim" not in str(settings)


@pytest.mark.parametrize(
    ("config", "names", "message"),
    [
        ("ner", ["cosinus"], "no such config section"),
        ("ner", ["cosine", "polynomial"], "Two sections set"),
        ("ner_cpu", ["bf16"], "pipeline with transformer"),
    ],
)
def test_sections_refuse_what_does_not_fit(config, names, message):
    with pytest.raises(UserError, match=message):
        read_config(CONFIGS[config], sections=names)


def test_sections_that_cannot_be_read_say_so(section):
    with pytest.raises(UserError, match="cannot be read"):
        read_section(section("[training]\nmax_steps = 1\nmax_steps = 2\n"))
    path = Path(section(""))
    path.write_bytes("# ঢাকা".encode("utf-16"))
    with pytest.raises(UserError, match="cannot be read"):
        read_section(str(path))


def test_sections_merged_for_an_earlier_training_are_removed_and_nothing_else(tmp_path):
    ours, other = tmp_path / "config.cfg", tmp_path / "other.cfg"
    write_config(ours, CONFIGS["ner_cpu"], ["linear"])
    other.write_bytes(CONFIGS["ner_cpu"].read_bytes())
    for path in (ours, other, tmp_path / "absent.cfg"):
        remove_written(path)
    assert (ours.exists(), other.exists()) == (False, True)


def test_sections_of_an_experiment_are_given_to_its_trainings_and_recorded(corpus, tmp_path):
    given = (CONFIGS["ner_cpu"], corpus, tmp_path / "none", "bn", "-1")
    plain = Setup(*given)
    setup = Setup(*given, sections=("low_data", "cosine"))
    check(setup)
    words = setup.train(tmp_path / "out", 3)
    assert words[words.index("--with") :] == ["--with", "low_data", "--with", "cosine"]
    assert setup.ready()["training"]["max_steps"] == 1000
    assert "sections" not in made_from(plain)
    assert differences(made_from(plain), made_from(setup)) == ["sections"]


def test_sections_of_an_experiment_may_not_set_what_must_be_the_same(corpus, tmp_path, section):
    sections = (section("[training.score_weights]\nents_p = 1.0\n"),)
    setup = Setup(CONFIGS["ner_cpu"], corpus, tmp_path / "none", "bn", "-1", sections=sections)
    with pytest.raises(UserError, match="ents_p cannot be set here"):
        check(setup)
