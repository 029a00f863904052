import pytest

from scripts.common.errors import UserError
from scripts.inference.texts import read_texts


def _write(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content.encode("utf8"))
    return path


def test_read_texts_takes_lines_of_plain_text(tmp_path):
    path = _write(tmp_path, "t.txt", "\ufeffকরিম\r\n\nঢাকা\n")
    assert list(read_texts(path)) == [("করিম", {}), ("ঢাকা", {})]


def test_read_texts_carries_other_keys_but_no_earlier_spans(tmp_path):
    path = _write(tmp_path, "t.jsonl", '{"body": "ক", "id": 3, "entities": [[0, 1, "PER"]]}\n')
    assert list(read_texts(path, "body")) == [("ক", {"id": 3})]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"text": ', "not valid JSON"),
        ('{"body": 1}', "no text"),
        ('{"body": "\\ud83d"}', "half a surrogate"),
        ('{"body": "ক", "text": "খ"}', "'text' beside"),
        ('["ক"]', "not an object"),
    ],
)
def test_read_texts_names_file_and_line_of_a_fault(tmp_path, line, what):
    path = _write(tmp_path, "t.jsonl", '{"body": "ক"}\n' + line + "\n")
    with pytest.raises(UserError, match=what) as error:
        list(read_texts(path, "body"))
    assert "line 2" in error.value.where


def test_read_texts_drops_what_is_said_of_earlier_spans(tmp_path):
    line = '{"text": "ক", "annotated_labels": ["PER"], "filled_labels": ["LOC"], "weight": 2}\n'
    assert list(read_texts(_write(tmp_path, "t.jsonl", line))) == [("ক", {"weight": 2})]
