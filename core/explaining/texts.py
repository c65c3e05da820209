"""Texts explained: by words that speak for an answer, and against it."""

from __future__ import annotations

import numpy as np
import torch

from core.errors import BackboneError, RunError
from core.explaining.asked import Asked
from core.explaining.explained import Explained
from core.explaining.explanation import Listen, Method, Part, WordWeights
from core.explaining.words import MOST_PARTS, Words, grouped, integrated, left_out, words_of
from core.inference.predictor import Predictor

LEFT_OUT = Method(
    "occlusion",
    "Leaving words out",
    "Leaves a word out at a time, and sees how much less likely the answer becomes. Looks at nothing inside of the "
    "network.",
)
INTEGRATED = Method(
    "integrated",
    "Integrated gradients",
    "How much each word adds to the answer, on the way from all words alike to what they are. Quick, also for long "
    "texts.",
)


class TextsExplained(Explained):
    def methods(self, predictor: Predictor) -> tuple[Method, ...]:
        return LEFT_OUT, INTEGRATED

    def explain(self, asked: Asked, method: str | None, listen: Listen) -> WordWeights:
        words = words_of(asked.read)
        if not len(words.places):
            raise RunError("The model read no word of this text, so none can be explained.")
        if method == INTEGRATED.name:
            try:
                found = integrated(asked.backbone, asked.inputs, words, asked.of_features, listen)
            except BackboneError as error:
                raise RunError(f"{INTEGRATED.title} are not possible here: {error}") from error
            return _weighed(asked, words, found, INTEGRATED)
        parts = grouped(words)
        with torch.inference_mode():
            found = left_out(asked.inputs, parts, lambda inputs: asked.likely(asked.outputs(inputs)), listen)
        several = len(parts.places) < len(words.places)
        note = f"A long text: several words at a time were left out, in {MOST_PARTS} parts." if several else ""
        return _weighed(asked, parts, found, LEFT_OUT, note)


def _weighed(asked: Asked, words: Words, found: np.ndarray, method: Method, note: str = "") -> WordWeights:
    found = np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0)
    largest = float(np.abs(found).max())
    weights = found / largest if largest > 0 else found
    notes = [note, "" if largest > 0 else f"No word of this text makes a difference for {asked.aim.title}."]
    if asked.read.is_cut:
        notes.append("What stands behind the last marked word was not read: the text is longer than the model reads.")
    aim = asked.aim
    parts = tuple(Part(int(start), int(end), float(each)) for (start, end), each in zip(words.places, weights))
    said = " ".join(filter(None, notes))
    return WordWeights(words.text, parts, method.name, aim.name, aim.probability, asked.likeliest, said)
