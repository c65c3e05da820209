"""What may be wrong with a text: noticed once, when it comes, and told for as long as it is there.

What is noticed are words in the column `noticed` of a dataset, with blanks between. Whether something is personal, or
damaged, is a guess from how it is written: it is told, and never acted upon unasked.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.finding import Finding
from core.modalities.texts.mending import may_be_garbled
from core.words import number_of

if TYPE_CHECKING:
    import pandas as pd

LOOKED_AT = 5_000  # characters of a text
FEW_LETTERS = 12  # letters by which a script is told
HIDDEN = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u202a-\u202e\u2066-\u2069\u00ad]")
_MARKUP = re.compile(
    r"</?(?:p|br|div|span|a|b|i|em|strong|li|ul|h[1-6]|td|tr|table|img)\b[^<>]{0,300}>"
    r"|&(?:amp|lt|gt|nbsp|quot|#\d{2,5});",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{2,63})+")
_PHONE = re.compile(r"(?<![\w.,/-])(?:\+|00|\(0|0)[\d()]{1,5}(?:[ /.-]?\d{2,5}){2,5}(?![\w-])")
_CARD = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")
LOST = "\ufffd"  # stands for what was no letter at all
LONG_WORD = 120  # characters without a blank
_LONG_WORD = re.compile(rf"\S{{{LONG_WORD}}}")


def noticed_in(text: str) -> str:
    """Words with blanks between, each for one thing; "" where there is nothing."""
    text = text[:LOOKED_AT]
    if text.isascii() and _UNUSUAL.search(text) is None and _has_blanks(text):  # of a million texts, most are
        return "script:Latin" if sum(map(str.isalpha, text[:400])) >= FEW_LETTERS else ""
    found = [word for word, pattern in _PATTERNS.items() if pattern.search(text)]
    if LOST in text or may_be_garbled(text):
        found.insert(0, "mojibake")
    if _has_card(text):
        found.append("card")
    if script := _script(text):
        found.append(f"script:{script}")
    return " ".join(found)


_PATTERNS = {
    "markup": _MARKUP,
    "e-mail": _MAIL,
    "telephone": _PHONE,
    "hidden": HIDDEN,
    "unbroken": _LONG_WORD,
}


def _has_blanks(text: str) -> bool:
    """Whether there is a blank at least every 120 characters, line breaks among them."""
    return len(text) < LONG_WORD or max(map(len, text.split())) < LONG_WORD


_UNUSUAL = re.compile(r"[<&@\d]")  # without which there is no markup, no address and no number


def _has_card(text: str) -> bool:
    """Whether a number of a payment card stands in it, by its check digit (ISO/IEC 7812-1)."""
    return any(_is_card(re.sub(r"\D", "", each[0])) for each in _CARD.finditer(text))


def _is_card(digits: str) -> bool:
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return len(set(digits)) > 1 and sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def _script(text: str) -> str:
    """In which script most of its letters are: "Latin", "Cyrillic", "Han"; "" where there are few."""
    begins = text[:400]
    if begins.isascii():  # of a million texts, most are
        return "Latin" if sum(map(str.isalpha, begins)) >= FEW_LETTERS else ""
    letters = [letter for letter in begins if letter.isalpha()][:200]
    if len(letters) < FEW_LETTERS:
        return ""
    scripts = Counter[str]()
    for letter, count in Counter(letters).items():
        scripts[_script_of(letter)] += count
    script, many = scripts.most_common(1)[0]
    return script if many >= 0.6 * len(letters) else ""


def _script_of(letter: str) -> str:
    if letter < "\u0250":
        return "Latin"
    return unicodedata.name(letter, "Other").split(" ")[0].split("-")[0].capitalize().replace("Cjk", "Han")


# Told of a dataset ----------------------------------------------------------------------------------------------------

_TOLD: dict[str, tuple[str, str, str]] = {  # the finding's kind, what the texts have, and what of that
    "mojibake": (
        "mojibake",
        "{} with letters that look wrong, such as Ã¤ or â€™.",
        "A program took UTF-8 for another encoding, or lost letters: the backbone has never seen such words. What can "
        "be told is mended here; what was lost, only where the file comes from.",
    ),
    "markup": (
        "markup",
        "{} with markup, such as <br> or &amp;.",
        "The backbone reads it as words. If it says nothing of the answer, take it out and import again.",
    ),
    "e-mail": (
        "personal",
        "{} with an e-mail address.",
        "Personal data stays in the dataset, and a model may learn it by heart. Take out what need not be there.",
    ),
    "telephone": (
        "personal",
        "{} with what looks like a telephone number.",
        "Personal data stays in the dataset, and a model may learn it by heart. Take out what need not be there.",
    ),
    "card": (
        "personal",
        "{} with what looks like the number of a payment card.",
        "Such numbers should be in no dataset. Take them out and import again.",
    ),
    "hidden": (
        "hidden",
        "{} with characters that cannot be seen, or that turn the direction of writing.",
        "They change the tokens that the backbone reads. If they say nothing, take them out and import again.",
    ),
    "unbroken": (
        "unbroken",
        "{} with more than 120 characters without a blank.",
        "Often an address, or data in letters. The backbone sees it as many meaningless pieces.",
    ),
}


def findings_of(frame: pd.DataFrame) -> Iterator[Finding]:
    """frame: with the columns `name` and `noticed`."""
    noticed = frame["noticed"]
    for word, (kind, title, why) in _TOLD.items():
        files = frame.loc[noticed.str.contains(rf"(?:^| ){word}(?: |$)", regex=True), "name"].tolist()
        if files:
            yield Finding(kind=kind, title=title.format(number_of(len(files), "text")), why=why, files=files)
    yield from _of_another_script(frame)


def _of_another_script(frame: pd.DataFrame) -> Iterator[Finding]:
    """The few that are written in another script than most are."""
    scripts = frame["noticed"].str.extract(r"script:(\S+)", expand=False).dropna()
    counts = scripts.value_counts()
    if len(counts) < 2 or counts.iloc[0] < 0.8 * len(scripts):
        return
    others = scripts[scripts != counts.index[0]]
    title = f"{number_of(len(others), 'text')} in another script than the others: {', '.join(counts.index[1:4])}."
    why = f"Most are written in {counts.index[0]} letters. Is the backbone one for their language too?"
    yield Finding(kind="script", title=title, why=why, files=frame.loc[others.index, "name"].tolist())
