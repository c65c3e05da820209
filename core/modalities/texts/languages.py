"""In which language the texts of a dataset are, as far as letters and the smallest words tell. No torch, no library."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from core.errors import GraftError
from core.modalities.texts.kept import FILE, KeptTexts

SEVERAL = "Several"
MOST = 0.8  # of the texts, for one language to be that of all
LOOKED_AT = 300  # texts
BEGINS = 1000  # characters of each
# By the letters that only they have, or have most of; see noticing.py.
SCRIPTS = {
    "Arabic": "Arabic",
    "Cyrillic": "Russian",
    "Devanagari": "Hindi",
    "Han": "Chinese",
    "Hangul": "Korean",
    "Hiragana": "Japanese",
    "Katakana": "Japanese",
}
WORDS = {
    "Dutch": "de het een en van ik je niet dat is op te zijn met voor die er maar ook",
    "English": "the of and to in is it that was for you with this on are not have my but they",
    "French": "le la les des et est un une dans que qui pas pour sur je il ce avec au vous",
    "German": "der die das und ist nicht ein eine ich zu den mit auf von sich es auch dem wir sie",
    "Italian": "il di che la e non un una per sono con del ma ho mi questo anche della gli ha",
    "Polish": "w i na z nie się do jest to że o jak po za od ale co tak jego był",
    "Portuguese": "o a de que e do da em um uma não para com os no se na por mais foi muito",
    "Spanish": "el la de que y en los se del las un por con no una su para es al lo muy",
}
_SCRIPT = re.compile(r"script:(\S+)")
_KNOWN = {language: frozenset(words.split()) for language, words in WORDS.items()}


def usual_language(dataset: Any) -> str:
    """Its name in English, `SEVERAL`, or "" where it cannot be told.

    dataset: a `core.data.dataset.Dataset` of texts, which lies above this.
    """
    scripts = Counter[str]()
    for noticed, many in dataset.frame["noticed"].value_counts().items():  # which are few, of a million texts too
        if match := _SCRIPT.search(noticed):
            scripts[match[1]] += many
    if not scripts:
        return ""
    script, most = scripts.most_common(1)[0]
    if most < MOST * scripts.total():
        return SEVERAL
    return _by_words(dataset) if script == "Latin" else SCRIPTS.get(script, "")


@lru_cache(maxsize=4)
def _by_words(dataset: Any) -> str:
    rows = dataset.frame["row"].to_numpy()
    some = rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), LOOKED_AT)).astype(int))]
    try:
        texts = [text[:BEGINS] for text, _ in KeptTexts(dataset.path(FILE))[some]]
    except GraftError:  # they are damaged, which is said elsewhere
        return ""
    return language_of(texts)


def language_of(texts: Iterable[str]) -> str:
    """Of texts in Latin letters: the language whose smallest words stand in most of them."""
    found = Counter(language for text in texts if (language := _of(text)))
    if not found:
        return ""
    language, many = found.most_common(1)[0]
    return language if many >= MOST * found.total() else SEVERAL


def _of(text: str) -> str:
    words = Counter(re.findall(r"[^\W\d_]+", text.lower()))
    scores = {language: sum(words[word] for word in known) for language, known in _KNOWN.items()}
    best, second = sorted(scores.values(), reverse=True)[:2]
    return max(scores, key=lambda language: scores[language]) if best > second else ""
