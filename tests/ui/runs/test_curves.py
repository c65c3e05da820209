"""The curves of a run stay small and keep what matters."""

from ui.runs.curves import MOST_POINTS, curve, thin


def test_thin_keeps_ends_and_best_and_is_bounded():
    points = [(float(x), 1.0 / (x + 1)) for x in range(100_000)]
    kept = thin(points, keep=777.0)
    assert len(kept) <= MOST_POINTS
    assert kept[0] == points[0] and kept[-1] == points[-1] and points[777] in kept
    assert list(kept) == sorted(kept)


def test_few_points_are_all_drawn():
    points = [(1.0, 0.5), (2.0, 0.4)]
    assert thin(points) == points


def test_a_chart_keeps_its_traces_and_its_zoom_from_the_first_point_to_the_last():
    empty = curve("Loss", [], [])
    full = curve("Loss", [(1, 0.9), (2, 0.5)], [(1, 1.0), (2, 0.7)], best_epoch=2)
    assert [trace.name for trace in empty.data] == [trace.name for trace in full.data]
    assert empty.layout.uirevision == full.layout.uirevision is not None
    assert list(full.data[2].x) == [2] and list(full.data[2].y) == [0.7]


def test_what_there_is_to_beat_is_a_line_across_the_chart():
    drawn = curve("Accuracy", [(1, 0.5)], [(1, 0.6)], epochs=10, share=True, beat=("Nearest neighbours", 0.8)).data[4]
    assert (list(drawn.y), drawn.line.dash, drawn.name) == ([0.8, 0.8], "dashdot", "Nearest neighbours")
    assert drawn.x[0] == 0 and drawn.x[1] >= 10
    assert list(curve("Loss", [], []).data[4].x) == []
