"""Words made safe and numbers made readable."""

import pytest

from ui.shared.widgets import clip, count, duration, file_size, literal, percent, short_number


@pytest.mark.parametrize(
    "hostile", ["**b**", "<b>x</b>", "$a$", "[x](http://y)", "# h", "`c`", "~~s~~", "1. x", ":red[x]"]
)
def test_literal_escapes_every_mark(hostile):
    shown = literal(hostile)
    assert shown.replace("\\", "").replace("\u2060", "") == hostile
    assert all(shown[i - 1] == "\\" for i, c in enumerate(shown) if c in "*<>$[]()#`~")


@pytest.mark.parametrize("replaced", [":smile:", "->", "--", ">=", "www.a.org", "me@a.org", ":material/home:"])
def test_literal_breaks_what_streamlit_replaces_even_when_escaped(replaced):
    assert replaced not in literal(replaced).replace("\\", "")


def test_literal_is_one_line_without_control_characters():
    assert literal("a\n\n# b\x00\tc") == "a \\# b c"


def test_clip_cuts_with_an_ellipsis():
    assert clip("x" * 300, 10) == "x" * 9 + "…"
    assert clip("short", 10) == "short"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (count(1, "image"), "1 image"),
        (count(3402, "image"), "3,402 images"),
        (count(2, "class"), "2 classes"),
        (short_number(4_652_008), "4.65 M"),
        (short_number(950), "950"),
        (short_number(None), "–"),
        (file_size(512), "512 B"),
        (file_size(1_340_000), "1.34 MB"),
        (duration(0.2), "under a second"),
        (duration(59.7), "1 min"),
        (duration(7500), "2 h 5 min"),
        (percent(0.934), "93.4%"),
    ],
)
def test_numbers_read_well(shown, expected):
    assert shown == expected
