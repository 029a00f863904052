from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import spacy
from transformers import AutoConfig, AutoModel, AutoTokenizer
from typer.testing import CliRunner

from scripts.common.errors import UserError
from scripts.encoders import prepare, sources
from scripts.encoders.load import count_positions, load_encoder
from scripts.encoders.prepare import EncoderRequest, prepare_encoder
from scripts.encoders.report import read_report
from scripts.encoders.sample import SampleSettings

from . import TEXTS, make_corpus, make_encoder, make_tokenizer

# Prepares whole encoders.
pytestmark = pytest.mark.project

ROOT = Path(__file__).resolve().parents[2]
RUBERT = ROOT.parent / "shared" / "encoders" / "rubert-tiny2-ru"
SMALL = SampleSettings(steps=2, vocab_size=300, layers=1, hidden_size=16, heads=2, batch_pieces=64)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return make_corpus(tmp_path / "corpus")


@pytest.fixture
def request_for(corpus: Path):
    return lambda source, **settings: EncoderRequest(str(source), corpus, sample=SMALL, **settings)


def test_prepare_a_directory_gives_a_whole_encoder(tmp_path, request_for):
    source = make_encoder(tmp_path / "mine")
    out = tmp_path / "assets" / "encoders" / "selected"
    report = prepare_encoder(request_for(source), out)
    assert report == read_report(out) == read_report(out / "encoder.json")
    assert (report.kind, report.name, report.architecture) == (
        "directory",
        str(source),
        "ElectraModel",
    )
    model = AutoModel.from_pretrained(out, config=AutoConfig.from_pretrained(out))
    before = AutoModel.from_pretrained(source).state_dict()
    assert all(tensor.equal(before[key]) for key, tensor in model.state_dict().items())
    assert report.parameters == model.num_parameters()
    assert AutoTokenizer.from_pretrained(out).model_max_length == report.model_max_length == 512
    assert report.docs_measured == len(TEXTS)
    # At most 508 wordpieces, which most of these words need five or six of.
    assert (report.window, report.stride, report.truncated_tokens) == (88, 66, 0)
    assert report.unknown_rate == 0


@pytest.mark.project
def test_prepare_needs_no_network_and_no_source_afterwards(tmp_path, request_for):
    source, out = make_encoder(tmp_path / "mine"), tmp_path / "out"
    prepare_encoder(request_for(source), out)
    shutil.rmtree(source)
    code = (
        "import sys\nfrom transformers import AutoConfig, AutoModel, AutoTokenizer\n"
        "for auto in (AutoConfig, AutoModel, AutoTokenizer): auto.from_pretrained(sys.argv[1])"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "empty")}
    subprocess.run([sys.executable, "-c", code, str(out)], env=environment, check=True)


def test_prepare_lowers_the_length_limit_to_the_positions(tmp_path, request_for):
    source = make_encoder(tmp_path / "mine", positions=64)
    report = prepare_encoder(request_for(source), tmp_path / "out")
    assert report.model_max_length == 64
    assert report.window <= 62
    assert AutoTokenizer.from_pretrained(tmp_path / "out").model_max_length == 64


def test_prepare_adds_the_normaliser_that_the_encoder_needs(tmp_path, request_for):
    source = make_encoder(tmp_path / "banglabert")
    first = prepare_encoder(request_for(source), tmp_path / "out")
    assert (first.name, first.normaliser) == ("csebuetnlp/banglabert", "csebuetnlp")
    assert "non-commercial" in first.licence
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert tokenizer.tokenize("\u2018\u09dc\u2019") == ["'", "\u09a1", "##\u09bc", "'"]
    # Prepared again from its own output, nothing is added twice and nothing is forgotten.
    second = prepare_encoder(request_for(tmp_path / "out"), tmp_path / "again")
    assert second == replace(first, source=second.source, notes=())
    for name in ("tokenizer.json", "model.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_prepare_refuses_a_cased_encoder_whose_tokenizer_lower_cases(tmp_path, request_for):
    source = make_encoder(tmp_path / "banglabert", make_tokenizer(do_lower_case=True))
    with pytest.raises(UserError, match="is cased, but this tokenizer lower-cases"):
        prepare_encoder(request_for(source), tmp_path / "out")


def test_prepare_warns_of_unknown_pieces_and_of_another_language(tmp_path, request_for):
    source = make_encoder(tmp_path / "bert-base-cased", make_tokenizer(characters=[*"abcABC"]))
    notes = " ".join(prepare_encoder(request_for(source), tmp_path / "out").notes)
    assert "unknown" in notes
    assert "for en, the corpus is bn" in notes


def test_prepare_says_when_tokens_are_cut_off_and_docs_left_out(tmp_path, corpus, request_for):
    make_corpus(corpus, ["ক " + "খ" * 90 + " গ", *TEXTS])
    source = make_encoder(tmp_path / "mine", positions=64)
    report = prepare_encoder(request_for(source, max_docs=2), tmp_path / "out")
    assert report.truncated_tokens == 2
    assert any("2 tokens of the measured docs are cut off" in note for note in report.notes)
    assert any("first 2 training docs" in note for note in report.notes)


def test_prepare_none_says_so_and_needs_no_corpus(tmp_path):
    report = prepare_encoder(EncoderRequest("none", tmp_path / "missing"), tmp_path / "out")
    assert report.kind == "none"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["encoder.json"]
    assert json.loads((tmp_path / "out" / "encoder.json").read_text("utf8"))["kind"] == "none"


def test_prepare_sample_is_the_same_bytes_twice(tmp_path, request_for):
    for name in ("one", "two"):
        report = prepare_encoder(request_for("sample"), tmp_path / name)
    assert (report.kind, report.normaliser, report.unknown_rate) == ("sample", "csebuetnlp", 0)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert {"config.json", "encoder.json", "model.safetensors", "tokenizer.json"} <= set(names)
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    AutoModel.from_pretrained(tmp_path / "one")


def test_prepare_sample_trains_in_spacy_transformers(tmp_path, request_for):
    prepare_encoder(request_for("sample"), tmp_path / "out")
    nlp = spacy.blank("bn")
    model = {
        "@architectures": "spacy-transformers.TransformerModel.v3",
        "name": str(tmp_path / "out"),
        "tokenizer_config": {"use_fast": True},
    }
    nlp.add_pipe("transformer", config={"model": model})
    nlp.initialize()
    doc = nlp("\u09ac\u09be\u09dc\u09bf \u0995\u09c1\u09ae\u09bf\u09b2\u09cd\u09b2\u09be।")
    assert doc._.trf_data.align.lengths.tolist() == [n for n in doc._.trf_data.align.lengths if n]


def test_prepare_from_the_hub(tmp_path, monkeypatch, request_for):
    commit = tmp_path / ("b" * 40)
    make_encoder(commit)
    monkeypatch.setattr(sources, "snapshot_download", lambda *args, **kwargs: str(commit))
    report = prepare_encoder(request_for("banglabert"), tmp_path / "out")
    assert (report.kind, report.name, report.revision) == (
        "hub",
        "csebuetnlp/banglabert",
        "b" * 40,
    )
    assert report.source == "banglabert"


@pytest.mark.skipif(not RUBERT.is_dir(), reason="the real encoder is not beside the project")
def test_prepare_a_real_encoder(tmp_path, request_for):
    report = prepare_encoder(request_for(RUBERT), tmp_path / "out")
    assert (report.architecture, report.cased, report.model_max_length) == ("BertModel", True, 512)
    assert report.unknown_rate > 0.5  # Bangla is not in its vocabulary
    assert any("unknown" in note for note in report.notes)


def break_config(path: Path) -> None:
    (path / "config.json").write_text("{}", encoding="utf8")


def break_tokenizer(path: Path) -> None:
    (path / "tokenizer.json").write_text("{}", encoding="utf8")


def break_weights(path: Path) -> None:
    (path / "model.safetensors").write_bytes(b"\0" * 100)


def change_weights(path: Path) -> None:
    config = json.loads((path / "config.json").read_text("utf8"))
    (path / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}), "utf8")


def remove_padding(path: Path) -> None:
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        settings = json.loads((path / name).read_text("utf8"))
        settings["pad_token"] = None
        (path / name).write_text(json.dumps(settings), "utf8")


def grow_vocabulary(path: Path) -> None:
    make_tokenizer([f"শব্দ{number}" for number in range(50)]).save_pretrained(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (shutil.rmtree, "neither a directory nor a possible name"),
        (lambda path: (path / "config.json").unlink(), "no config.json"),
        (break_config, "cannot be read"),
        (break_tokenizer, "tokenizer cannot be read"),
        (break_weights, "weights cannot be read"),
        (change_weights, "do not fit config.json"),
        (grow_vocabulary, "weights are for"),
    ],
)
def test_prepare_refuses_a_broken_directory_and_leaves_nothing(
    tmp_path, request_for, damage, message
):
    source = make_encoder(tmp_path / "mine")
    damage(source)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError, match=message):
        prepare_encoder(request_for(source), tmp_path / "out")
    assert sorted(tmp_path.rglob("*")) == before


def test_prepare_keeps_the_earlier_encoder_when_it_fails(tmp_path, request_for):
    out = tmp_path / "out"
    prepare_encoder(request_for(make_encoder(tmp_path / "mine")), out)
    before = (out / "model.safetensors").read_bytes()
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no config.json"):
        prepare_encoder(request_for(tmp_path / "empty"), out)
    assert (out / "model.safetensors").read_bytes() == before


def test_prepare_refuses_to_overwrite_what_is_no_encoder(tmp_path, request_for):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").touch()
    with pytest.raises(UserError, match="holds other files"):
        prepare_encoder(request_for("sample"), tmp_path / "out")
    assert (tmp_path / "out" / "thesis.txt").exists()


def test_prepare_refuses_an_out_that_cannot_be_written(tmp_path, request_for):
    source = make_encoder(tmp_path / "mine")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="not a directory"):
        prepare_encoder(request_for(source), tmp_path / "file")
    with pytest.raises(UserError, match="cannot be written"):
        prepare_encoder(request_for(source), tmp_path / "file" / "out")
    with pytest.raises(UserError, match="in place"):
        prepare_encoder(request_for(source), source)


def test_prepare_looks_for_the_corpus_before_it_downloads(tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "fetch_encoder", lambda *args: pytest.fail("downloaded"))
    with pytest.raises(UserError, match="no tokenizer pipeline"):
        prepare_encoder(EncoderRequest("banglabert", tmp_path / "corpus"), tmp_path / "out")


def test_prepare_refuses_a_revision_of_a_directory(tmp_path, request_for):
    source = make_encoder(tmp_path / "mine")
    with pytest.raises(UserError, match="--revision"):
        prepare_encoder(request_for(source, revision="v2"), tmp_path / "out")


def test_load_encoder_needs_a_padding_piece(tmp_path):
    source = make_encoder(tmp_path / "mine")
    remove_padding(source)
    (source / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}), "utf8"
    )
    with pytest.raises(UserError, match="no padding piece"):
        load_encoder(source)


def test_count_positions_leaves_out_those_that_roberta_never_uses():
    from transformers import RobertaConfig, RobertaModel

    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    config = RobertaConfig(vocab_size=9, max_position_embeddings=514, pad_token_id=1, **sizes)
    assert count_positions(RobertaModel(config)) == 512


@pytest.mark.parametrize("content", ["", "{}", '{"source": 1}', "[]"])
def test_read_report_refuses_what_is_no_report(tmp_path, content):
    with pytest.raises(UserError, match="no prepared encoder"):
        read_report(tmp_path)
    (tmp_path / "encoder.json").write_text(content, encoding="utf8")
    with pytest.raises(UserError, match="Not a report"):
        read_report(tmp_path)


def test_encoder_command_prints_what_was_chosen_and_the_licence(tmp_path, corpus):
    import typer

    from scripts.encoder import main

    app = typer.Typer()
    app.command()(main)
    config = tmp_path / "ner.cfg"
    config.write_text('[components]\n[components.ner]\nfactory = "ner"\n', encoding="utf8")
    arguments = ["--corpus", str(corpus), "--config", str(config), "--gpu-id", "-1"]
    runner = CliRunner()
    result = runner.invoke(app, ["auto", str(tmp_path / "out"), *arguments])
    assert result.exit_code == 0, result.output
    assert "no transformer" in result.output
    assert read_report(tmp_path / "out").kind == "none"
    make_encoder(tmp_path / "banglabert")
    result = runner.invoke(app, [str(tmp_path / "banglabert"), str(tmp_path / "out"), *arguments])
    assert result.exit_code == 0, result.output
    assert "CC BY-NC-SA 4.0" in result.output
    assert read_report(tmp_path / "out").kind == "directory"
