"""Help me choose for texts: three backbones by language, length, number of texts and machine, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from core.backbones.bundled import MINILM
from core.backbones.language.info import LanguageInfo
from core.backbones.suggest import Suggestion
from core.modalities.texts.languages import SCRIPTS, SEVERAL, WORDS
from core.modalities.texts.settings import USUAL
from core.words import number_of

ANOTHER = "Another one"
LANGUAGES = (*sorted({*WORDS, *SCRIPTS.values()}, key=lambda name: (name != "English", name)), ANOTHER, SEVERAL)
LENGTHS = {"A sentence or two": 64, "A paragraph or two": 300, "A page": 800, "Several pages": 4000}  # tokens
TOKENS_A_WORD = 1.4
# Well-known ones that are proposed: encoders whose publishers give safetensors, from those that fit most tasks.
PROPOSED = frozenset(
    {
        "sentence-transformers/all-MiniLM-L12-v2",
        "sentence-transformers/all-mpnet-base-v2",
        "sentence-transformers/all-distilroberta-v1",
        "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
        "sentence-transformers/paraphrase-multilingual-mpnet-base-v2",
        "distilbert-base-uncased",
        "distilbert-base-multilingual-cased",
        "distilroberta-base",
        "roberta-base",
        "roberta-large",
        "bert-base-chinese",
        "bert-base-german-cased",
        "bert-base-multilingual-cased",
        "camembert-base",
        "xlm-roberta-base",
        "answerdotai/ModernBERT-base",
        "answerdotai/ModernBERT-large",
    }
)
DECODERS = frozenset({"GPT-2", "GPT-NeoX", "Llama", "OPT", "Qwen2"})
CUT = 1.2  # times as long as what a backbone reads: hardly anything is lost
SUGGESTED = 3
FEW = 200  # labeled texts; with fewer, encoders of whole sentences make the most of them
QUICK, PATIENT = 600.0, 3600.0  # seconds that learning may take
PASSES = 8.0  # through the network, of a text, with what Recommended does
GFLOPS_A_SECOND = {"cpu": 40.0}  # guesses
GFLOPS_ELSEWHERE = 3000.0


def suggest(
    language: str,
    tokens: int,
    texts: int,
    device: str,
    memory_bytes: int,
    among: Iterable[LanguageInfo],
    ready: Callable[[LanguageInfo], bool],
) -> list[Suggestion[LanguageInfo]]:
    """Up to three different backbones, the ones that are ready first.

    Args:
        language: One of `LANGUAGES`.
        tokens: Of a usual text.
        texts: How many labeled ones there are.
        device: "cpu", or the name of an accelerator.
        memory_bytes: Of the device.
        among: All that there are.
        ready: Whether the weights of a backbone are on this machine.
    """
    asked = _Asked(language, tokens, texts, device, memory_bytes)
    fitting = [info for info in among if asked.fits(info) and (ready(info) or info.hub in PROPOSED)]
    alone = [info for info in fitting if info.languages == language]
    fitting = alone if len(alone) >= SUGGESTED else fitting
    found: list[LanguageInfo] = []
    for seconds, of in ((PATIENT, ready), (QUICK, _any), (PATIENT, _any), (PATIENT, _any)):
        left = [info for info in fitting if info not in found and of(info)]
        if left and len(found) < SUGGESTED:
            found.append(asked.best(left, seconds, [info.family for info in found]))
    found.sort(key=lambda info: not ready(info))
    largest = max(found, key=lambda info: info.parameters or 0, default=None)
    return [Suggestion(info, asked.reason(info, ready(info), info is largest)) for info in found]


def _any(info: LanguageInfo) -> bool:
    return True


def reads(info: LanguageInfo, language: str) -> bool:
    """Whether it has learned the language, as far as anybody says."""
    many = re.search(r"\b(\d+|many) languages", info.languages)
    return bool(many) or (language not in (ANOTHER, SEVERAL) and language in info.languages)


@dataclass(frozen=True)
class _Asked:
    language: str
    tokens: int
    texts: int
    device: str
    memory_bytes: int

    def fits(self, info: LanguageInfo) -> bool:
        """16 bytes a parameter: weights, gradients and the optimizer's two averages."""
        return reads(info, self.language) and (info.parameters or 0) * 16 < self.memory_bytes / 2

    def seconds(self, info: LanguageInfo) -> float:
        """That learning from all texts may take; a guess."""
        work = (info.gflops or 1.0) * min(self.tokens, info.longest) / USUAL
        return self.texts * PASSES * work / GFLOPS_A_SECOND.get(self.device, GFLOPS_ELSEWHERE)

    def best(self, among: Sequence[LanguageInfo], seconds: float, families: Collection[str]) -> LanguageInfo:
        """Of those that learn in the time, or of the quickest one: what reads the whole text, an encoder, this language
        alone, and many parameters count, in this order; with few texts, encoders of sentences before all others."""
        quick = [info for info in among if self.seconds(info) <= seconds] or [min(among, key=self.seconds)]

        def good(info: LanguageInfo) -> tuple[float, ...]:
            return (
                info.longest >= self.tokens or self.tokens <= CUT * info.longest,
                self.texts < FEW and _of_sentences(info),
                info.family not in DECODERS,
                info.languages == self.language,
                info.family not in families,
                info.parameters or 0,
            )

        return max(quick, key=good)

    def reason(self, info: LanguageInfo, ready: bool, largest: bool) -> str:
        said = ["Ready now with no download."] if ready else []
        if self.texts < FEW and _of_sentences(info):
            said.append(f"An encoder of whole sentences makes the most of {number_of(self.texts, 'text')}.")
        else:
            time = _roughly(self.seconds(info) / 60)
            said.append(f"Learns from {number_of(self.texts, 'text')} in about {time} on this machine.")
        if largest:
            said.append("The largest of these, and so most often the best.")
        if info.family in DECODERS:
            said.append("A GPT-type, which reads a text at its last token.")
        if self.language not in (ANOTHER, SEVERAL) and info.languages != self.language:
            said.append(f"{self.language} is one of its {info.languages}.")
        if info.longest < self.tokens:
            said.append(f"It reads {info.longest:,} tokens, and cuts what is longer.")
        elif self.tokens > LENGTHS["A paragraph or two"]:
            said.append(f"It reads texts of {info.longest:,} tokens.")
        return " ".join(said)


def _roughly(minutes: float) -> str:
    return number_of(max(1, round(minutes)), "minute") if minutes < 90 else number_of(round(minutes / 60), "hour")


def _of_sentences(info: LanguageInfo) -> bool:
    return info.name == MINILM or (info.hub or "").startswith("sentence-transformers/")
