from __future__ import annotations

import re
import time

from core.tasks.predictions import Span, Spans
from ui.predictions.entities import LONGEST, marked

COLOURS = ("#111", "#222")


def test_nothing_in_a_text_or_a_type_becomes_markup():
    text = "a <img src=x onerror=alert(1)> b"
    drawn = marked(Spans(text, (Span(2, 30, '"><script>', 0.5),)), COLOURS)
    assert "<img" not in drawn and "<script" not in drawn
    assert re.sub("<[^>]*>", "", drawn).count("&lt;img") == 1


def test_each_type_has_its_colour_and_is_counted_in_the_legend():
    drawn = marked(
        Spans("Tern Oyne Heron", (Span(0, 4, "BOAT", 1), Span(5, 9, "PORT", 1), Span(10, 15, "BOAT", 1))), COLOURS
    )
    assert "BOAT 2</span>" in drawn and "PORT 1</span>" in drawn
    assert drawn.count("solid #111") == 3 and drawn.count("solid #222") == 2


def test_the_text_stays_as_it_is_and_long_ones_are_quick():
    text = "Tern at\n Oyne " * 40_000
    spans = tuple(Span(14 * at, 14 * at + 4, "BOAT", 0.9) for at in range(40_000))
    began = time.monotonic()
    drawn = marked(Spans(text, spans), COLOURS)
    assert time.monotonic() - began < 5
    box = drawn[drawn.index("tabindex") :]
    plain = re.sub("<small.*?</small>|<[^>]*>", "", box[box.index(">") + 1 :])
    assert plain == text[:LONGEST]
