"""The first look at a long run reads a sample of its events, and misses nothing that it would show."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from core.records import plain
from core.runs import reading
from core.runs.reading import caught_up
from core.runs.view import MAX_ROWS, MAX_STEP_POINTS, View
from core.tasks.scores import Scores
from core.training.process import events
from core.training.process.events import Baseline, Changed, Ended, EpochEnded, Event, Paused, Progress, Started

EPOCHS, STEPS = 30, 40
SAMPLED = {"curve", "step_losses", "course", "offset", "losses_every", "losses_seen", "share", "seconds_left"}


def told(moment: float, event: Event, **style) -> bytes:
    record = {"event": type(event).__name__, "time": moment, **plain(event)}
    return json.dumps(record, **style).encode() + b"\n"


def story(best: int) -> list[Event]:
    """A run of some 1,300 events, that was changed, paused and resumed; `best` is its last best epoch."""
    found: list[Event] = [Started("CPU", 0, EPOCHS, 10, 100, "Progress", judged_on=4, target='"event": "Progress"')]
    found += [Progress("features", done, 500, moved=done) for done in range(0, 501)]
    scores = Scores(0.5, {"accuracy": 0.7})
    for epoch in range(1, EPOCHS + 1):
        found += [Progress("training", step, 99, 9.0, 1.0, 10**8, epoch, step, STEPS, 1.0) for step in range(STEPS)]
        if epoch == 7:
            found += [Changed(6.5, "learning_rate", "Learning rate 0.1", EPOCHS), Baseline(scores, scores, 0.1)]
        if epoch == 20:
            found += [Paused(19.5, EPOCHS), Started("CPU", 18, EPOCHS, 10, 100, "A note.", judged_on=4)]
        found.append(EpochEnded(epoch, scores, scores, 0.1, 1.0, epoch in (1, 2, best)))
    return found


def log(path, story: list[Event], **style) -> list[tuple[float, Event]]:
    path.write_bytes(b"".join(told(float(moment), event, **style) for moment, event in enumerate(story)))
    return [(float(moment), event) for moment, event in enumerate(story)]


@pytest.fixture
def parsed(monkeypatch):
    """How many lines were parsed; files of more than 8 kB are long."""
    monkeypatch.setattr(reading, "ALL_OF", 8_000)
    monkeypatch.setattr(reading, "SAMPLE", 8_000)
    monkeypatch.setattr(reading, "NEWEST", 20)
    count, parse = [], events._parse
    monkeypatch.setattr(events, "_parse", lambda line: count.append(line) or parse(line))
    return count


@pytest.mark.parametrize("ending", [[], [Ended("finished", "", 9.0, EPOCHS, 11)], [Paused(29.5, EPOCHS)]])
@pytest.mark.parametrize("best", [3, 11, 20, 30])
@pytest.mark.parametrize("style", [{}, {"separators": (",", ":")}, {"sort_keys": True}])
def test_a_sample_shows_what_all_events_show(tmp_path, monkeypatch, parsed, best, ending, style):
    monkeypatch.setattr(reading, "CHUNK", 3_001)  # lines are cut anywhere
    everything = log(tmp_path / "events.jsonl", [*story(best), *ending], **style)
    whole, seen = View().through(everything), caught_up(View(), tmp_path / "events.jsonl")
    for field in fields(View):
        if field.name not in SAMPLED:
            assert getattr(seen, field.name) == getattr(whole, field.name), field.name
    rows = [row.epoch for row in seen.curve]
    assert rows == sorted(set(rows)) and rows[-1] == EPOCHS and (best in rows or best == 20)
    assert seen.step_losses[-1] == whole.step_losses[-1]
    assert seen.offset == (tmp_path / "events.jsonl").stat().st_size


def test_of_a_long_run_few_lines_are_parsed(tmp_path, parsed):
    everything = log(tmp_path / "events.jsonl", story(3))
    seen = caught_up(View(), tmp_path / "events.jsonl")
    assert len(parsed) < len(everything) / 5
    caught_up(seen, tmp_path / "events.jsonl")
    parsed.clear()
    with open(tmp_path / "events.jsonl", "ab") as file:
        file.write(told(9e9, Ended("finished", "", 9.0, 3, 3)) + b'{"event": "Que')
    later = caught_up(seen, tmp_path / "events.jsonl")
    assert len(parsed) == 1 and later.ended is not None and later.last_time == 9e9
    with open(tmp_path / "events.jsonl", "ab") as file:
        file.write(b'ued", "time": 9.1e9, "ahead": 2}\n')
    assert caught_up(later, tmp_path / "events.jsonl").ahead == 2


def test_a_short_run_is_read_whole_epoch_by_epoch(tmp_path):
    everything = log(tmp_path / "events.jsonl", story(3))
    seen = caught_up(View(), tmp_path / "events.jsonl")
    whole = View().through(everything)
    assert (seen.curve, seen.step_losses, seen.course) == (whole.curve, whole.step_losses, whole.course)


def test_a_line_without_an_end_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK", 50)
    monkeypatch.setattr(reading, "LONGEST_LINE", 1_000)
    path = tmp_path / "events.jsonl"
    path.write_bytes(told(1.0, Paused(1.0, 3)) + b"[" * 5_000)
    seen = caught_up(View(), path)
    assert seen.paused and path.stat().st_size - seen.offset <= 1_000  # not read again at every look
    with open(path, "ab") as file:
        file.write(b"\n" + told(2.0, Ended("finished", "", 9.0, 3, 3)))
    assert caught_up(seen, path).ended is not None
    assert caught_up(View(), path).ended is not None


def test_a_file_that_has_become_shorter_is_another_one(tmp_path):
    path = tmp_path / "events.jsonl"
    log(path, story(3))
    seen = caught_up(View(), path)
    log(path, [Paused(2.0, 5)])
    again = caught_up(seen, path)
    assert again.paused and again.curve == () and again.offset == path.stat().st_size


def test_no_events_yet(tmp_path):
    assert caught_up(View(), tmp_path / "events.jsonl") == View()


def test_a_view_is_bounded_and_keeps_the_best_and_the_newest_epochs():
    scores = Scores(0.5, {"accuracy": 0.7})
    rows = ((0.0, EpochEnded(epoch, scores, scores, 0.1, 2.0, epoch == 777)) for epoch in range(1, 20_001))
    view = View().through(rows)
    epochs = [row.epoch for row in view.curve]
    assert len(epochs) <= MAX_ROWS and epochs[0] == 1 and 777 in epochs
    assert epochs[-100:] == list(range(19_901, 20_001))
    gaps = [after - before for before, after in zip(epochs, epochs[1:])]
    assert max(gaps) <= 16 and view.seconds_trained == pytest.approx(40_000)


def test_losses_between_epochs_stay_evenly_spread():
    steps = ((0.0, Progress("training", n, 9999, epoch=1, step=n, steps=9999, loss=1.0)) for n in range(1, 9_999))
    places = [x for x, _ in View().through(steps).step_losses]
    gaps = [after - before for before, after in zip(places, places[1:])]
    assert len(places) <= MAX_STEP_POINTS and places[-1] == 9998 / 9999
    assert max(gaps) - min(gaps[:-1]) < 1e-9
