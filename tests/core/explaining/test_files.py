"""What is written needs nothing but itself, and executes nothing of anybody's."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from core.errors import RunError
from core.explaining.explanation import HeatMap, Part, WordWeights
from core.explaining.files import LONGEST_SIDE, as_html, as_png
from core.tasks.predictions import Aim

HOSTILE = "<script>alert(1)</script>"
AIMS = (Aim(HOSTILE, HOSTILE, 0.5),)
HEAT = HeatMap(np.eye(2, dtype=np.float32), (0, 0, 1, 1), "gradcam", HOSTILE, 0.5, AIMS, HOSTILE)
WORDS = WordWeights(HOSTILE, (Part(0, 8, 1.0),), "occlusion", HOSTILE, None, AIMS)


def image(size=(40, 20)):
    return lambda: Image.new("RGB", size)


@pytest.mark.parametrize("explanation", [HEAT, WORDS])
def test_a_page_escapes_names_texts_and_notes(explanation):
    page = as_html(explanation, image(), HOSTILE, "Grad-CAM").decode()
    assert HOSTILE not in page and "&lt;script&gt;" in page and page.startswith("<!doctype html>")


def test_a_huge_image_is_written_small():
    with Image.open(io.BytesIO(as_png(HEAT, image((4000, 1000))))) as written:
        assert written.size == (LONGEST_SIDE, LONGEST_SIDE // 4)


def test_words_are_no_image():
    with pytest.raises(RunError, match="NAME.html"):
        as_png(WORDS, image())
