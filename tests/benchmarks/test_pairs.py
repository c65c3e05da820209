"""The arithmetic behind "it wins": pairs, their interval, and that nothing is computed twice."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from benchmarks.draws import Cell
from benchmarks.pairs import Kept, compare, tables


def test_the_interval_is_students():
    found = compare([(0.9, 0.8), (0.7, 0.7), (0.5, 0.6), (0.8, 0.5)])
    assert found.mean == pytest.approx(7.5) and (found.wins, found.ties, found.losses) == (2, 1, 1)
    low, high = stats.t.interval(0.9, 3, loc=7.5, scale=stats.sem([10, 0, -10, 30]))
    assert found.within == pytest.approx((high - low) / 2)


def test_one_pair_has_no_interval():
    found = compare([(0.9, 0.8)])
    assert math.isnan(found.within) and str(found) == "+10.0 (1/0/0)"


def test_what_was_found_is_found_again_under_its_settings_alone(tmp_path):
    cell = Cell("solar", "50 to 200", 2)
    Kept(tmp_path / "results.jsonl").add(cell, "graft", {"code": "a"}, 0.5, 1.0)
    Kept(tmp_path / "results.jsonl").add(cell, "graft", {"code": "b"}, 0.75, 1.0)
    kept = Kept(tmp_path / "results.jsonl")
    assert [kept.get(cell, "graft", {"code": code}) for code in "abc"] == [0.5, 0.75, None]
    assert kept.get(Cell("solar", "5", 2), "graft", {"code": "a"}) is None


def test_tables_say_means_by_size_and_set_and_pairs():
    found = {
        Cell("cats", "5", 0): {"graft": 0.5, "knn": 0.4},
        Cell("cats", "20", 0): {"graft": 0.7, "knn": 0.7},
        Cell("dogs", "5", 0): {"graft": 0.9, "knn": 0.5},
        Cell("dogs", "20", 0): {"graft": 0.9},
    }
    lines = tables(found, {"graft": "Recommended", "knn": "nearest"})
    assert lines[:4] == [
        "| images a class | Recommended | nearest |",
        "|---|---|---|",
        "| 5 | 70.0% | 45.0% |",
        "| 20 | 80.0% | 70.0%* |",
    ]
    assert "| **mean** | 75.0% | 53.3%* |" in lines and "| dogs | 90.0% | 50.0%* |" in lines
    assert lines[-5] == "| Recommended against | nearest |"
    assert lines[-2] == "| 20 | +0.0 (0/1/0) |" and lines[-1].startswith("| pooled | +16.7 ± ")
