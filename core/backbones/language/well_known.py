"""The backbones for texts that many use, as their publishers describe them: to be searched without a network.

well_known.json: parameters, those of them that each token is multiplied with (computing: all but tables; shared ones as
often as they are used), and download_bytes in millions, rounded; what a download really takes, its server says.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from core.backbones.language.info import LONGEST, NOT_HERE, LanguageInfo
from core.modalities.texts.settings import USUAL, Tokenizing

DATA = Path(__file__).with_name("well_known.json")


@cache
def well_known() -> tuple[LanguageInfo, ...]:
    """As they are before they are on this machine."""
    said = json.loads(DATA.read_text(encoding="utf-8"))
    return tuple(_listed(**dict(zip(said["columns"], row))) for row in said["backbones"])


def _listed(
    hub: str, parameters: int, computing: int, languages: str, licence: str, longest: int, **more: Any
) -> LanguageInfo:
    return LanguageInfo(
        name=f"hub/{hub}",
        library="hub",
        architecture=f"hub/{hub}",
        family=more["family"],
        parameters=parameters * 1_000_000,
        gflops=computing * USUAL / 1000,
        languages=languages,
        licence=licence,
        longest=longest,
        download_bytes=more["download_bytes"] * 1_000_000,
        hub=hub,
        preprocessing=Tokenizing(tokenizer=NOT_HERE, longest=min(LONGEST, longest)),
    )
