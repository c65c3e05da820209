"""What the benchmark makes of its measurements; the measuring itself takes minutes."""

from __future__ import annotations

import pytest

from benchmarks import results
from benchmarks.bench import AGAIN, BOTH, FIRST, IMPORT, Measured, medians, table
from benchmarks.results import END, begin, write


def once(seconds: float, accuracy: float) -> dict[str, Measured]:
    return {
        IMPORT: Measured(1.0),
        FIRST: Measured(seconds, 20, accuracy),
        BOTH: Measured(seconds + 1, 20, accuracy),
        AGAIN: Measured(seconds / 2, 20, accuracy),
        "Tutorial, batches of 4": Measured(10 * (seconds + 1), 10, accuracy),
    }


def test_the_median_of_each_line_is_reported():
    middle = medians([once(5.0, 0.5), once(9.0, 0.9), once(7.0, 0.8)])
    assert middle == once(7.0, 0.8)


def test_times_are_compared_with_import_and_first_run():
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table(once(7.0, 0.8)).splitlines()[2:]]
    assert [IMPORT, "", "1.00", "0.12", ""] in rows
    assert [BOTH, "20", "8.00", "1.00", "80.0%"] in rows
    assert ["Tutorial, batches of 4", "10", "80.00", "10.00", "80.0%"] in rows


@pytest.fixture
def page(tmp_path, monkeypatch):
    path = tmp_path / "performance.md"
    path.write_text(f"# Performance\n\n{begin('bench.py')}\n{END}\n\nMore words.\n")
    monkeypatch.setattr(results, "DOCS", tmp_path)
    return path


def test_new_results_take_the_place_of_old_ones_for_the_same_photos(page):
    write("old cats\n\n| a |\n", "cats")
    write("dogs\n\n| b |\n", "dogs")
    write("new cats\n\n| c |\n", "cats")
    text = page.read_text()
    assert "old cats" not in text
    assert text.index("### cats\n\nnew cats\n\n| c |") < text.index("### dogs\n\ndogs\n\n| b |")
    assert text.startswith("# Performance\n") and text.endswith(f"{END}\n\nMore words.\n")
