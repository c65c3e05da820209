"""Marked words stay other people's text, and can be told apart without colour."""

from __future__ import annotations

import re

from core.explaining.explanation import Part, WordWeights
from core.explaining.marking import marked

TEXT = "<b>good</b> & bad so"


def weighed(*parts):
    return WordWeights(TEXT, parts, "occlusion", "glad", 0.9)


def test_what_is_in_the_text_stays_text():
    drawn = marked(weighed(Part(0, 11, 1.0)), "#00f", "#f80")
    assert "<b>" not in drawn and "&lt;b&gt;good&lt;/b&gt;</mark> &amp; bad so" in drawn


def test_for_and_against_differ_in_colour_line_and_words():
    drawn = marked(weighed(Part(0, 11, 1.0), Part(14, 17, -0.5), Part(18, 20, 0.01)), "#00f", "#f80")
    (one, other) = re.findall(r"<mark style=\"(.*?)\" title=\"(.*?)\">", drawn)
    assert "3px solid #00f" in one[0] and one[1] == "for, 100% of the strongest"
    assert "2px dashed #f80" in other[0] and other[1] == "against, 50% of the strongest"
    assert "speaks for it" in drawn and "speaks against it" in drawn
    assert drawn.endswith("</mark> so</div>")  # what hardly counts is not marked


def test_a_very_long_text_is_drawn_as_far_as_a_browser_likes(monkeypatch):
    monkeypatch.setattr("core.explaining.marking.LONGEST", 12)
    drawn = marked(weighed(Part(0, 11, 1.0), Part(14, 17, -1.0)), "#00f", "#f80")
    assert drawn.count("<mark") == 1 and "bad" not in drawn
