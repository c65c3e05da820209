"""A text in a row of a table, or two that belong together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from core.errors import DataError
from core.finding import Finding
from core.modalities.protocol import Modality, Places
from core.modalities.texts.kept import FILE, KeptTexts, write, write_more
from core.modalities.texts.lengths import mean_tokens, usual_longest
from core.modalities.texts.mending import mended, mended_around
from core.modalities.texts.near_duplicates import find_twins
from core.modalities.texts.noticing import findings_of, noticed_in
from core.modalities.texts.settings import USUAL, Tokenizing
from core.modalities.texts.telltale import findings_of as telling
from core.modalities.texts.telltale import tell_tales

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from core.modalities.examples import Examples
    from core.modalities.inputs import Inputs
    from core.modalities.texts.tokenized import Read

HEADINGS = ("text", "second")  # of the columns that hold a text, and one that belongs to it
LONGEST = 10_000_000  # characters of a text
LOOKED_AT, CHARACTERS = 5_000, 20_000_000  # of texts in which words are counted that give a class away


class Lengths(BaseModel):
    """Smallest, median and largest, in characters and in words."""

    model_config = ConfigDict(frozen=True)

    characters: tuple[int, int, int]
    words: tuple[int, int, int]


class Texts(Modality):
    name = "text"
    noun = "text"
    folder = "texts"
    # Its place in texts/texts.arrow, how long it is, and what was noticed about it when it came, see noticing.py.
    columns = {"row": "int64", "characters": "int64", "words": "int64", "noticed": "str"}
    comes_from = "row"
    adjusted_by = ("longest",)
    seed = b"text"

    def held_by(self, headings: Sequence[str]) -> tuple[str, ...]:
        return tuple(heading for heading in HEADINGS if heading in headings)

    def inspect(self, cells: Mapping[str, str]) -> Mapping[str, Any] | str:
        text, second = (str(cells.get(heading, "")).strip() for heading in HEADINGS)
        if not text:
            return "There is no text in it."
        if "second" in cells and not second:
            return "One of its two texts is empty."
        if len(text) + len(second) > LONGEST:
            return f"It has {len(text) + len(second):,} characters, and {LONGEST:,} are allowed. Cut it into parts."
        both = f"{text} {second}"
        return {
            "text": text,
            "second": second,
            "characters": len(text) + len(second),
            "words": both.count(" ") + both.count("\n") + 1 - (not second),
            "noticed": noticed_in(both),
            "sha256": hashlib.sha256(f"{text}\0{second}".encode("utf-8", "surrogatepass")).hexdigest(),
        }

    @property
    def taken(self) -> tuple[str, ...]:
        return ("text", "second", *(name for name in self.columns if name != "row"))

    def keep(self, folder: Path, frame: pd.DataFrame) -> pd.DataFrame:
        """Put the texts where all versions of the dataset find them. folder: of the dataset."""
        write(folder / self.folder, frame["text"], frame["second"])
        return frame.drop(columns=["text", "second"]).assign(row=np.arange(len(frame)))

    def content(self, frame: pd.DataFrame) -> pd.Series:
        return frame["sha256"]

    def twins(self, frame: pd.DataFrame, looks: np.ndarray) -> np.ndarray:
        return find_twins(_Joined(frame["text"], frame["second"]))

    def misfit(self, frame: pd.DataFrame) -> str:
        fits = bool((frame["characters"] > 0).all() and (frame["row"] >= 0).all())
        return "" if fits else "it names texts that are not the dataset's"

    def findings(self, frame: pd.DataFrame) -> Iterator[Finding]:
        yield from findings_of(frame)

    def giving_away(
        self, frame: pd.DataFrame, labels: Sequence[tuple[str, ...]], path: Callable[[str], Path]
    ) -> Iterator[Finding]:
        some = np.arange(len(frame))
        if len(frame) > LOOKED_AT:
            some = np.sort(np.random.default_rng(0).choice(len(frame), LOOKED_AT, replace=False))
        some = some[frame["characters"].to_numpy()[some].cumsum() <= CHARACTERS]
        rows = frame.iloc[some]
        texts = [f"{text} {second}" for text, second in self.stored(rows, path)]
        found = tell_tales(texts, [labels[int(number)] for number in some])
        part = f" Looked at: {len(some):,} of the {len(frame):,} texts." if len(some) < len(frame) else ""
        yield from telling(rows["name"].tolist(), found, part)

    def summary(self, frame: pd.DataFrame) -> dict[str, Any]:
        return {"lengths": Lengths(characters=_spread(frame["characters"]), words=_spread(frame["words"]))}

    def size(self, frame: pd.DataFrame) -> pd.Series:
        return frame["characters"]

    def measured(self, frame: pd.DataFrame) -> dict[str, pd.Series]:
        script = frame["noticed"].str.extract(r"script:(\S+)", expand=False).fillna("Latin, or none")
        return {"length in words": frame["words"], "script": script}

    def mentioning(self, frame: pd.DataFrame, path: Callable[[str], Path], words: str) -> pd.Series:
        """In the texts themselves, or in their names."""
        found = KeptTexts(path(FILE)).containing(words)[frame["row"].to_numpy()]
        return super().mentioning(frame, path, words) | found

    def stored(self, frame: pd.DataFrame, path: Callable[[str], Path]) -> list[tuple[str, str]]:
        return KeptTexts(path(FILE))[frame["row"].to_numpy()]

    def mended(self, given: Any, places: Places) -> tuple[Any, Places] | None:
        text, second = given
        if (whole := mended_around(text, places)) is None:
            return None
        made = whole[0].strip(), mended(second).strip()
        if not made[0] or bool(made[1]) != bool(second):
            return given, places
        return None if places and made[0] != whole[0] else (made, whole[1])

    def rewritten(self, folder: Path, frame: pd.DataFrame, given: Sequence[Any]) -> pd.DataFrame:
        import pandas as pd

        seen = [self.inspect({"text": text} | ({"second": second} if second else {})) for text, second in given]
        made = pd.DataFrame.from_records(seen, index=frame.index)  # a text that was one stays one
        first = write_more(folder / self.folder, list(zip(made["text"], made["second"])))
        kept = {name: made[name] for name in (*self.columns, "sha256") if name in made}
        return frame.assign(**kept, row=np.arange(first, first + len(frame)))

    def examples(self, *given: Any, **settings: Any) -> Examples:
        from core.modalities.texts.examples import text_examples

        return text_examples(*given, **settings)

    def fitted(self, info: Any, dataset: Any, asked: Mapping[str, Any] | None = None) -> Any:
        """Cut after `longest` tokens; where nobody says, after as many as almost all of the texts have."""
        longest = (asked or {}).get("longest") or usual_longest(dataset, info)
        return info.fitted(longest=longest)

    def work(self, dataset: Any, info: Any) -> float:
        return mean_tokens(dataset, info) / USUAL

    def settings(self, said: Any) -> Tokenizing:
        return Tokenizing.model_validate(said)

    def placed(self, settings: Tokenizing, folder: Path) -> Tokenizing:
        return settings.in_folder(folder)

    def read(self, given: Any, settings: Tokenizing) -> Read:
        """given: a text, or two."""
        from core.modalities.texts.tokenized import tokenized

        text, second = (given, "") if isinstance(given, str) else given
        if not text.strip():
            raise DataError("There is no text in it.")
        if len(text) + len(second) > LONGEST:
            raise DataError(f"A text may have {LONGEST:,} characters, and this has {len(text) + len(second):,}.")
        return tokenized(text, second, settings)

    def collate(self, read: Sequence[Read], settings: Tokenizing, device: torch.device) -> Inputs:
        from core.modalities.texts.tokenized import padded

        return padded([(each.ids, each.sequence) for each in read], settings, device)


class _Joined(Sequence[str]):
    """Each text with its second, made when it is asked for: of a million, all would take as much memory again."""

    def __init__(self, texts: pd.Series, seconds: pd.Series) -> None:
        self.texts, self.seconds = texts.array, seconds.array

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [f"{text} | {second}" for text, second in zip(self.texts[at], self.seconds[at])]
        return f"{self.texts[at]} | {self.seconds[at]}"


def _spread(values: pd.Series) -> tuple[int, int, int]:
    return int(values.min()), int(values.median()), int(values.max())


TEXT = Texts()

__all__ = ["FILE", "TEXT", "Texts"]
