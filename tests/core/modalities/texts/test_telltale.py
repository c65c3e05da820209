"""Words that give classes away are found where they are planted, and nowhere else."""

from __future__ import annotations

import random

import pytest

from core.importing.importing import import_path, import_sample
from core.modalities import texts as of_texts
from core.modalities.texts.telltale import tell_tales, tokens_of

WORDS = ["the", "a", "of", "rain", "sun", "river", "house", "tree", "walk", "run", "blue", "green", "old", "new", "on"]


def sentences(count, seed=0):
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=12)) for _ in range(count)]


def planted(leak, count=120):
    """Two classes alike; leak: makes another text of one of the first, given its number."""
    texts = sentences(count)
    labels = [("spam",) if n % 2 else ("ham",) for n in range(count)]
    return [leak(text, n) if n % 2 else text for n, text in enumerate(texts)], labels


@pytest.mark.parametrize(
    ("leak", "words"),
    [
        (lambda text, n: f"{text} sent by robot", {"sent", "by", "robot"}),
        (lambda text, n: f"TICKET-{48000 + n}: {text}", {"ticket-00000"}),
        (lambda text, n: f"{text} ###", {"###"}),
        (lambda text, n: f"spam {text}" if n % 3 else text, {"spam"}),
        (lambda text, n: text if n == 1 else f"{text} regards", {"regards"}),
    ],
)
def test_a_planted_leak_is_found(leak, words):
    (found,) = tell_tales(*planted(leak))
    assert found.label == "spam" and found.words[0] in words and len(found.words) == 1
    assert found.elsewhere == 0 and found.within > 0.6
    assert all(n % 2 for n in found.texts) and len(found.texts) == round(found.within * 60)


def test_a_few_words_together_give_a_class_away():
    (found,) = tell_tales(*planted(lambda text, n: f"{text} {('alpha', 'beta', 'gamma')[n // 2 % 3]}"))
    assert set(found.words) == {"alpha", "beta", "gamma"}
    assert (found.within, found.elsewhere) == (1, 0)


@pytest.mark.parametrize(
    "leak",
    [
        lambda text, n: text,
        lambda text, n: f"{text} robot" if n % 4 == 1 else text,  # in half of the class
        lambda text, n: f"{text} word{'abcdefghij'[n % 10]}{'abcdefghij'[n // 10 % 10]}",  # another one each
    ],
)
def test_ordinary_classes_are_not_suspected(leak):
    assert tell_tales(*planted(leak)) == []


def test_a_word_that_others_have_too_gives_nothing_away():
    texts, labels = planted(lambda text, n: f"{text} robot")
    texts[0] += " robot"
    assert len(tell_tales(texts, labels)) == 0  # one of 60 is more than 1%
    assert tell_tales([text for text in texts if "robot" in text][:8], [("a",)] * 8) == []


def test_several_labels_and_the_end_of_long_texts_are_looked_at():
    texts, labels = planted(lambda text, n: f"{text}{' rain' * 1000} yours, Kim")
    (found,) = tell_tales(texts, [(*each, "any") for each in labels])
    assert found.label == "spam" and found.words[0] in {"yours", "kim"}
    assert "kim" in tokens_of(texts[1])


@pytest.mark.parametrize("key", ["sentiment", "topics"])
def test_the_samples_have_none(workspace, key):
    assert "tell-tale" not in {one.kind for one in import_sample(workspace, key).report.findings}


def test_a_dataset_tells_the_word_its_class_and_the_figures(workspace, tmp_path, monkeypatch):
    texts, labels = planted(lambda text, n: f"{text} {n} CASE-{n:05}")
    lines = [f"{n} {text},{label}" for n, (text, (label,)) in enumerate(zip(texts, labels))]
    (tmp_path / "t.csv").write_text("\n".join(["text,label", *lines]))
    dataset = import_path(workspace, tmp_path / "t.csv")
    (found,) = [one for one in dataset.report.findings if one.kind == "tell-tale"]
    assert found.title.startswith(
        "1 class is given away by few words: “case-00000” in 100% of the texts of spam and none"
    )
    assert len(found.files) == 60 and "Looked at" not in found.why
    monkeypatch.setattr(of_texts, "LOOKED_AT", 100)
    del vars(dataset)["report"]
    (found,) = [one for one in dataset.report.findings if one.kind == "tell-tale"]
    assert "Looked at: 100 of the 120 texts." in found.why and len(found.files) < 60
