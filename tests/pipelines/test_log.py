from scripts.pipelines.log import close_log, part_of, start_log


def _run(log, rows, *, resume):
    part = start_log(log, resume=resume)
    part.write_text(rows, encoding="utf8")
    return part


def test_log_of_a_new_training_replaces_the_old(tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text("old\n")
    _run(log, "new\n", resume=False)
    close_log(log)
    assert log.read_text() == "new\n"


def test_log_of_a_resumed_training_keeps_the_rows_of_a_killed_run(tmp_path):
    log = tmp_path / "log.jsonl"
    _run(log, "1\n2\n3 cut o", resume=False)
    _run(log, "4\n", resume=True)
    close_log(log)
    assert log.read_text() == "1\n2\n4\n"
    assert not part_of(log).exists()
