"""What single cells stand for: nothing, yes or no."""

from __future__ import annotations

import re
from collections.abc import Collection

MISSING = frozenset(  # how programs and people write that there is nothing
    (
        *("", "nan", "-nan", "na", "n/a", "n.a.", "n.a", "n/d", "n/v", "na.", "<na>", "nat", "null", "(null)"),
        *("none of", "not available", "not applicable", "no data", "no value", "(blank)", "(empty)"),
        *("tbd", "todo", "to do", "unlabeled", "unlabelled", "not labeled", "not labelled", "no label", "unannotated"),
        *(
            "k.a.",
            "k. a.",
            "keine angabe",
            "(leer)",
            "(vide)",
            "s/o",
            "н/д",
            "нет данных",
            "未标注",
            "無回答",
            "未記入",
        ),
        # of spreadsheets, in several languages: also those that stand for an error
        *("#n/a", "#na", "#nv", "#n/d", "#n/v", "#н/д", "#value!", "#wert!", "#valeur!", "#¡valor!", "#valor!"),
        *("#ref!", "#bezug!", "#div/0!", "#name?", "#num!", "#zahl!", "#null!", "#error!", "#spill!"),
    )
)
_MARKS = re.compile(r"[-–—?.…_/*#]+|\[\s*\]|\{\s*\}")  # stand for nothing among words, and for themselves among marks
_YES = frozenset(
    (
        *("1", "1.0", "1,0", "true", "yes", "t", "y", "wahr", "ja", "j", "vrai", "oui", "o", "verdadero", "verdadeiro"),
        *("vero", "sí", "si", "sì", "s", "sim", "да", "истина", "tak", "evet", "waar", "ano", "是", "有", "对", "はい"),
        *("有り", "あり", "예", "네", "○", "〇", "✓", "✔", "✅", "☑", "☒", "+", "on", "checked", "present", "positive"),
        *("pos", "vorhanden", "positiv"),
    )
)
_NO = frozenset(
    (
        *("0", "0.0", "0,0", "-1", "-1.0", "false", "no", "f", "n", "falsch", "nein", "faux", "non", "falso", "não"),
        *("нет", "ложь", "nie", "hayır", "nee", "onwaar", "ne", "否", "无", "無", "错", "いいえ", "無し", "なし"),
        *("아니오", "아니요", "❌", "☐", "−", "off", "unchecked", "absent", "negative", "neg", "nicht vorhanden"),
        *("negativ",),
    )
)
_CROSSES = frozenset(("x", "×", "✗", "✘"))  # a tick where they stand alone, and none beside one
_NOT_TICKED = frozenset(("", "-", "–", "nan", "na", "n/a", "null", "<na>"))


def is_missing(cell: str) -> bool:
    """Whether a cell is how programs write that there is nothing, whatever stands in the others."""
    return cell.strip().casefold() in MISSING


def missing_in(cells: Collection[str]) -> frozenset[str]:
    """Which cells of a column stand for nothing: those of `is_missing`; marks such as ? and - among words; `None`, as
    Python writes it, among words in small letters."""
    found = {cell for cell in cells if is_missing(cell)}
    words = [cell for cell in cells if cell not in found and not _MARKS.fullmatch(cell)]
    of_words = bool(words) and all(len(cell) > 1 for cell in words)
    if of_words and not any(cell.startswith(("[", "{")) for cell in words):
        found |= {cell for cell in cells if _MARKS.fullmatch(cell)}
    if [cell for cell in words if cell != "None"] and all(cell == "None" or cell.islower() for cell in words):
        found |= {cell for cell in cells if cell == "None"}
    return frozenset(found)


def truths(cells: Collection[str]) -> dict[str, bool] | None:
    """Whether each cell of columns that are ticked says yes; None if they say something else, or never yes."""
    said = {cell: cell.strip().casefold() for cell in cells}
    kinds = set(said.values()) - _NOT_TICKED
    yes = kinds & _YES or kinds & _CROSSES
    if not yes or kinds - yes - _NO - _CROSSES:
        return None
    return {cell: text in yes for cell, text in said.items()}
