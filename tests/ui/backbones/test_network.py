"""The network image says what freezes and what trains."""

from dataclasses import dataclass

import pytest

from ui.backbones.network import _ends, _folded, _rows


@dataclass(frozen=True)
class Stage:
    name: str
    layers: int
    parameters: int
    output_shape: tuple[int, ...]


STAGES = [Stage("stem", 1, 100, (8, 32, 32)), Stage("<b>two</b>", 4, 300, (16, 16, 16))]


def test_rows_go_from_image_to_head_with_the_first_stages_frozen():
    rows = _rows(STAGES, "Image, 3 × 64 × 64", 1, "Head: 3 classes", 50)
    assert [row["name"] for row in rows] == ["Image", "stem", "<b>two</b>", "Head: 3 classes"]
    assert [row["frozen"] for row in rows] == [False, True, False, False]
    assert rows[1]["shape"] == "8 × 32 × 32"


def test_bars_compare_with_the_largest_stage():
    assert [row["share"] for row in _rows(STAGES, "Image, 3 × 64 × 64", 0, None, None)] == [None, 100 / 300, 1.0]


def test_folded_it_says_what_early_middle_and_late_stages_see():
    stages = [Stage(f"block{number}", 1, 10, (8, 8, 8)) for number in range(7)]
    rows = _folded(stages, "Image, 3 × 64 × 64", 3, "Head: 3 classes", 50)
    assert [row["name"] for row in rows] == ["Early stages", "Middle stages", "Late stages", "Head: 3 classes"]
    assert "edges" in rows[0]["small"] and "whole things" in rows[2]["small"]
    assert [row["frozen"] for row in rows] == [True, False, False, False]
    assert "1 of them frozen" in rows[1]["small"] and sum(row["share"] for row in rows[:3]) * 50 == 70


def test_free_stages_with_adapters_say_how_many_numbers_learn_in_them():
    stages = [Stage(f"block{number}", 1, 1000, (8, 8, 8)) for number in range(3)]
    rows = _rows(stages, "Image, 3 × 64 × 64", 1, "Head: 3 classes", 50, [0, 0, 250])
    assert [row["adapters"] for row in rows] == ["", "", "nothing to learn", "adapters learn 250 numbers", ""]
    assert rows[3]["learns"] == 0.25 and rows[3]["share"] == 1.0
    (early, middle, late, _) = _folded(stages, "Image, 3 × 64 × 64", 1, "Head: 3 classes", 50, [40, 100, 250])
    assert early["adapters"] == "" and late["adapters"] == "adapters learn 250 numbers"


@pytest.mark.parametrize(("stages", "ends"), [(9, [3, 6, 9]), (7, [2, 5, 7]), (2, [1, 2]), (1, [1])])
def test_the_parts_of_a_network_cover_all_its_stages(stages, ends):
    assert _ends(stages) == ends
