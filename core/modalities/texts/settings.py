"""How a backbone wants its texts."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

USUAL = 128  # tokens of the text that a backbone's `gflops` is for


class Tokenizing(BaseModel):
    """
    Attributes:
        tokenizer: The sha256 of tokenizer.json, hexadecimal.
        longest: Tokens at most, special ones included; what is beyond is cut off.
        types: Whether the network is told which of two texts a token is of.
        folder: Where tokenizer.json lies. It is no part of what a bundle keeps.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokenizer: str = Field(pattern="^[0-9a-f]{64}$")
    longest: int = Field(ge=4, le=1_000_000)
    types: bool = False
    folder: Path = Field(Path(), exclude=True, repr=False)

    def in_folder(self, folder: Path) -> Tokenizing:
        return self.model_copy(update={"folder": folder})

    def key(self) -> str:
        """Names all that decides the tokens of a text."""
        return f"{self.tokenizer[:32]}-{self.longest}"
