"""The network picture says what freezes and what trains."""

from dataclasses import dataclass

from ui.network import _rows


@dataclass(frozen=True)
class Stage:
    name: str
    layers: int
    parameters: int
    output_shape: tuple[int, ...]


STAGES = [Stage("stem", 1, 100, (8, 32, 32)), Stage("<b>two</b>", 4, 300, (16, 16, 16))]


def test_rows_go_from_picture_to_head_with_the_first_stages_frozen():
    rows = _rows(STAGES, 64, 1, "Head: 3 classes", 50)
    assert [row["name"] for row in rows] == ["Picture", "stem", "<b>two</b>", "Head: 3 classes"]
    assert [row["frozen"] for row in rows] == [False, True, False, False]
    assert rows[1]["shape"] == "8 × 32 × 32"


def test_bars_compare_with_the_largest_stage():
    assert [row["share"] for row in _rows(STAGES, 64, 0, None, None)] == [None, 100 / 300, 1.0]
