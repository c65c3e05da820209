"""In which language texts are."""

from __future__ import annotations

import pandas as pd
import pytest

from core.importing.importing import import_path, import_sample
from core.modalities.texts.languages import SEVERAL, language_of, usual_language

SAID = {
    "Dutch": "De kat zit op het dak en ik zie haar niet.",
    "English": "The cat sits on the roof and I do not see it.",
    "French": "Le chat est sur le toit et je ne vois pas les oiseaux.",
    "German": "Die Katze sitzt auf dem Dach und ich sehe sie nicht.",
    "Italian": "Il gatto è sul tetto e non vedo gli uccelli della casa.",
    "Polish": "Kot siedzi na dachu i nie widzę go, ale to jest tak.",
    "Portuguese": "O gato está no telhado e não vejo os pássaros com uma asa.",
    "Spanish": "El gato está en el tejado y no veo los pájaros con una ala.",
}


@pytest.mark.parametrize("language", SAID)
def test_a_language_is_told_by_its_smallest_words(language):
    assert language_of([SAID[language]]) == language


def test_what_tells_nothing_is_no_language():
    assert language_of(["xyzzy 123", ""]) == "" and language_of([]) == ""
    assert language_of(SAID.values()) == SEVERAL


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        ([SAID["German"]], "German"),
        (["Кот сидит на крыше, и я его не вижу."], "Russian"),
        (["猫坐在屋顶上我看不见它所以我走了出去"], "Chinese"),
        ([SAID["English"], "Кот сидит на крыше, и я его не вижу."], SEVERAL),
    ],
)
def test_of_a_dataset_it_is_told_by_letters_and_words(workspace, tmp_path, texts, wanted):
    rows = [(f"{text} {number}", "a" if number % 2 else "b") for number in range(6) for text in texts]
    pd.DataFrame(rows, columns=["text", "label"]).to_csv(tmp_path / "t.csv", index=False)
    assert usual_language(import_path(workspace, tmp_path / "t.csv")) == wanted


def test_the_sample_is_english(workspace):
    assert usual_language(import_sample(workspace, "sentiment")) == "English"
