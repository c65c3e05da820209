"""How far a job is, in words."""

from __future__ import annotations

import time

import pytest

from core.jobs import JobView
from ui.shared.job_watch import words


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (JobView(), "Starting"),
        (
            JobView(phase="Checking", done=120, total=3400, share=0.1, seconds_left=12),
            "Checking: 120 of 3,400, about 12 s left",
        ),
        (JobView(phase="Comparing", began=96.0), "Comparing, 4 s so far"),
        (JobView(phase="Comparing", began=99.8), "Comparing"),
    ],
)
def test_something_moves_even_where_nothing_can_be_counted(view, said, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 100.0)
    assert words(view) == said
