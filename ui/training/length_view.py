"""After how many tokens the texts are cut as things stand, and how many that concerns."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.data.dataset import Dataset
from core.modalities.texts.lengths import COUNTED, share_cut, tokens
from ui.shared.widgets import errors_shown, percent


def length_view(dataset: Dataset, fitted: Any) -> None:
    """fitted: what is known of the backbone, with the length that is asked for."""
    most = fitted.fitted(longest=1_000_000).preprocessing.longest
    with errors_shown():
        lengths, cut = tokens(dataset, fitted.preprocessing, most), share_cut(dataset, fitted.preprocessing, most)
        middle, longest = int(sorted(lengths)[len(lengths) // 2]), int(lengths.max())
        some = f" (of {COUNTED:,} of them)" if dataset.sizes["train"] > COUNTED else ""
        beyond = f"more than {most:,}" if longest > most else f"{longest:,}"
        whole = "no text is cut" if not cut else f"{_share(cut)} of the texts are longer, and cut there"
        st.caption(
            f"Read are {fitted.preprocessing.longest:,} tokens of a text, of {most:,} that the backbone can: {whole}. "
            f"Half of the training texts{some} have at most {middle:,} tokens, the longest has {beyond}."
        )


def _share(cut: float) -> str:
    return percent(cut) if cut >= 0.01 else "less than 1%"
