import pytest

from scripts.inference.texts import BadTextError, from_fields, from_json, shown


def test_texts_carry_other_keys_but_nothing_of_earlier_spans():
    line = (
        '{"body": "ক", "id": 3, "entities": [[0, 1, "PER"]], "annotated_labels": ["PER"], '
        '"filled_labels": ["LOC"], "missing": [[0, 1]], "all_spans": [], "weight": 2}'
    )
    assert from_json(line, "body") == ("ক", {"id": 3, "weight": 2})


def test_texts_refuse_a_second_text():
    with pytest.raises(BadTextError, match="'text' beside"):
        from_fields({"body": "ক", "text": "খ"}, "body")


def test_texts_show_the_beginning_of_a_bad_line():
    assert shown(b"\xe0\xa6\x95\xff") == "ক\\xff"
    assert shown("ক" * 300) == "ক" * 200 + "…"
    assert shown("\ud800") == "\\ud800"
