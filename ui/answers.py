"""What a model says of a picture: its likeliest classes as bars."""

from __future__ import annotations

import streamlit as st

from core.inference.predictor import Prediction
from ui.widgets import clip

_CSS = """
ol { list-style: none; margin: 0; padding: 0; font-family: var(--st-font); color: var(--st-text-color); font-size: 0.9rem; }
li { margin: 0 0 0.55rem; }
.words { display: flex; justify-content: space-between; gap: 0.75rem; }
.label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
li:first-child .words { font-weight: 600; }
.share { font-variant-numeric: tabular-nums; }
.bar { height: 0.45rem; border-radius: 0.25rem; background: var(--st-secondary-background-color); overflow: hidden; }
.bar i { display: block; height: 100%; min-width: 2px; border-radius: 0.25rem; background: var(--st-text-color); opacity: 0.35; }
li:first-child .bar i { background: var(--st-link-color); opacity: 1; }
"""

_JS = """
// Labels go in as text, never as markup.
export default function ({ data, parentElement }) {
  const list = document.createElement("ol");
  for (const { label, probability } of data) {
    const li = document.createElement("li");
    const words = document.createElement("div"); words.className = "words";
    const name = document.createElement("span"); name.className = "label"; name.textContent = label; name.title = label;
    const share = document.createElement("span"); share.className = "share";
    share.textContent = (100 * probability).toFixed(1) + "%";
    const bar = document.createElement("div"); bar.className = "bar";
    const fill = document.createElement("i"); fill.style.width = 100 * probability + "%";
    words.append(name, share); bar.append(fill); li.append(words, bar); list.append(li);
  }
  parentElement.querySelector("ol")?.remove();
  parentElement.append(list);
}
"""

_bars = st.components.v2.component("graft_answer", css=_CSS, js=_JS)


def bars(prediction: Prediction, most: int, key: str) -> None:
    """The `most` likeliest classes, likeliest first."""
    data = [{"label": clip(guess.label, 300), "probability": guess.probability} for guess in prediction.top[:most]]
    _bars(key=key, data=data)
