"""Backbones for texts: folders with config.json, tokenizer.json and safetensors. Read without torch."""

from core.backbones.language.info import LanguageInfo, info_of

__all__ = ["LanguageInfo", "info_of"]
