"""The measurement of the defaults on a set of a few images, every side but fastai: that it goes on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import contest, defaults, sets
from benchmarks.contest import sides
from benchmarks.draws import Cell
from benchmarks.pairs import Kept
from tests.conftest import image


@pytest.fixture
def folder(tmp_path) -> Path:
    for label in ("red", "blue"):
        (tmp_path / "sets" / "made" / label).mkdir(parents=True)
        for number in range(12):
            (tmp_path / "sets" / "made" / label / f"{number}.jpg").write_bytes(image(label, number))
    return tmp_path / "sets"


def test_every_side_learns_and_nothing_is_computed_twice(folder, tmp_path, monkeypatch):
    chosen = {key: side for key, side in sides().items() if key not in ("fastai", "free")}
    cells = defaults.cells_of(["made"], ["5"], (0,))
    found = defaults.measure(folder, tmp_path, cells, chosen)
    assert found == {Cell("made", "5", 0): dict.fromkeys(chosen, 1.0)}
    monkeypatch.setattr(defaults, "ready", None)  # called again, it would fail
    assert defaults.measure(folder, tmp_path, cells, chosen) == found
    assert "| 5 | 100.0% | 100.0% | 100.0% |" in defaults.words(found, chosen)


def test_a_result_of_other_code_is_not_taken_for_grafts_but_for_the_others(tmp_path, monkeypatch):
    kept, cell = Kept(tmp_path / "results.jsonl"), Cell("made", "5", 0)
    for key, side in sides().items():
        kept.add(cell, key, side.known_as, 0.5, 1.0)
    monkeypatch.setattr(contest, "code", lambda: "other")
    assert defaults.collect(kept, [cell], sides())[cell] == {"logistic": 0.5, "nearest": 0.5, "fastai": 0.5}


def test_small_sizes_come_first():
    cells = defaults.cells_of(["a", "b"], ["5", "10"], (0, 1))
    assert [(cell.size, cell.set) for cell in cells[::2]] == [("5", "a"), ("5", "b"), ("10", "a"), ("10", "b")]


def test_a_set_that_is_not_as_it_was_is_refused(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(sets, "KNOWN", tmp_path / "known.json")
    said = {"made": {"sha256": sets.digest(folder / "made")}}
    (tmp_path / "known.json").write_text(json.dumps(said), encoding="utf-8")
    defaults.refuse_others(folder, ["made"])
    (folder / "made" / "red" / "0.jpg").write_bytes(b"another")
    with pytest.raises(SystemExit, match="not as it was"):
        defaults.refuse_others(folder, ["made"])


def test_recommended_is_untouched_and_two_stages_are_free():
    assert sides()["graft"].settings == {"preset": "recommended", "changes": {}}
    assert sides()["free"].settings["changes"] == {"freeze": 7}
