import pytest

from core.words import clip, with_noun


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("flowers", 7, "flowers"),
        ("flowers and bees", 8, "flowers…"),
        ("noe\u0308l", 4, "no…"),  # the letter e with its dots is one
        ("ab👍🏽cd", 4, "ab…"),
        ("a🇩🇪🇫🇷bc", 5, "a🇩🇪…"),
        ("a\tb\x00c\n d", None, "a b c d"),
    ],
)
def test_no_letter_is_cut_in_its_middle(text, limit, shown):
    assert clip(text, limit) == shown


def test_a_sentence_about_images_is_one_about_other_examples():
    said = "An image of an image. Images!"
    assert with_noun(said, "image") == said
    assert with_noun(said, "text") == "A text of a text. Texts!"
    assert with_noun(said, "example") == "An example of an example. Examples!"
