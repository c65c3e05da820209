import json

from core.tasks.scores import Scores
from core.training.process.events import Ended, EpochEnded, EventLog, Progress, Queued, read_events

EPOCH = EpochEnded(1, Scores(0.7, {"accuracy": 0.5}), Scores(0.6, {"accuracy": 0.75}), 0.001, 1.5, True)


def test_what_is_written_reads_back(tmp_path):
    log = EventLog(tmp_path / "events.jsonl")
    written = [Queued(2), Progress("features", 3, 10, rate=7.5), EPOCH, Ended("finished", "Done.", 2.0, 1, 1)]
    for event in written:
        log.write(event)
    log.close()
    events, _ = read_events(tmp_path / "events.jsonl")
    assert [event for _, event in events] == written


def test_reading_goes_on_where_it_was_and_waits_for_whole_lines(tmp_path):
    path = tmp_path / "events.jsonl"
    log = EventLog(path)
    log.write(Queued(1))
    events, offset = read_events(path)
    assert len(events) == 1
    line = json.dumps({"event": "Queued", "time": 1.0, "ahead": 0}).encode() + b"\n"
    with open(path, "ab") as file:
        file.write(line[:10])
    assert read_events(path, offset) == ([], offset)
    with open(path, "ab") as file:
        file.write(line[10:])
    events, _ = read_events(path, offset)
    assert events == [(1.0, Queued(0))]
    log.close()


def test_a_line_that_a_killed_worker_left_half_written_costs_nothing_else(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event": "Queued", "ti')
    log = EventLog(path)
    log.write(EPOCH)
    log.close()
    events, _ = read_events(path)
    assert [event for _, event in events] == [EPOCH]


def test_no_events_yet(tmp_path):
    assert read_events(tmp_path / "events.jsonl") == ([], 0)
