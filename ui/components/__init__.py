"""The browser's side of Graft's own components: a .js and perhaps a .css file each (Streamlit components v2)."""

from pathlib import Path


def source(name: str) -> str:
    """The text of a file in this folder."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
