"""The picture of a network, stage by stage: name, layers, parameters, output shape, and a padlock where stages freeze.

One row a stage, from the picture that comes in to the answer that goes out, so that it reads the same with 5 stages or 40
and at any width. The bar compares the stages by their parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from ui.widgets import clip, count, short_number

if TYPE_CHECKING:
    from core.backbones.model import Stage

_CSS = """
.net { font-family: var(--st-font); color: var(--st-text-color); font-size: 0.9rem; list-style: none; margin: 0; padding: 0;
       max-height: 46rem; overflow-y: auto; scrollbar-width: thin; }
.net li { display: grid; grid-template-columns: 2.25rem minmax(7rem, 1.4fr) 4.5rem 9rem minmax(4rem, 2fr) 5.5rem;
          align-items: center; column-gap: 0.75rem; min-height: 2rem; padding: 0 0.5rem 0 0; position: relative; }
.net.plain li { grid-template-columns: 1.25rem minmax(7rem, 1.4fr) 4.5rem 9rem minmax(4rem, 2fr) 5.5rem; }
.net li.head-row { color: var(--muted); font-size: 0.8rem; min-height: 1.6rem; position: sticky; top: 0; z-index: 2;
                   background: var(--st-background-color); }
.net li.edge { color: var(--muted); }
.net li.cut { min-height: 1.5rem; font-size: 0.8rem; color: var(--muted); display: flex; gap: 0.6rem; padding-left: 0.2rem; }
.net li.cut::after { content: ""; flex: 1; border-top: 1px dashed var(--muted); }
.net .lock, .net .dot { justify-self: center; position: relative; z-index: 1; }
.net .lock { all: unset; box-sizing: border-box; width: 1.75rem; height: 1.75rem; border-radius: 50%; cursor: pointer;
             display: grid; place-items: center; background: var(--st-background-color); border: 1.5px solid currentColor;
             color: var(--trainable); transition: color .15s, background .15s; justify-self: center; position: relative; z-index: 1; }
.net .lock:hover { background: var(--st-secondary-background-color); }
.net .lock:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.net .lock[disabled] { cursor: default; }
.net .frozen .lock { color: var(--frozen); }
.net .lock svg { width: 1rem; height: 1rem; fill: currentColor; }
.net .dot { width: 0.6rem; height: 0.6rem; border-radius: 50%; background: var(--trainable); }
.net .edge .dot { background: var(--muted); } .net .head .dot { background: var(--trainable); }
.net li.stage::before, .net li.edge::before, .net li.head::before { content: ""; position: absolute; left: 1.125rem; top: 0; bottom: 0; width: 2px;
                  margin-left: -1px; background: var(--st-border-color); }
.net.plain li::before { left: 0.625rem; }
.net li.first::before { top: 50%; } .net li.last::before { bottom: 50%; } .net li.head-row::before { display: none; }
.net .name { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.net .edge .name { font-weight: 400; }
.net .bar { height: 0.6rem; border-radius: 0.3rem; background: var(--st-secondary-background-color); overflow: hidden; }
.net .bar i { display: block; height: 100%; border-radius: 0.3rem; background: var(--trainable); min-width: 3px;
              transition: background .15s; }
.net .frozen .bar i { background: var(--frozen); }
.net .frozen .name { color: var(--muted); }
.net .num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.net .small { display: none; color: var(--muted); font-size: 0.78rem; }
@container (max-width: 640px) {
  .net li, .net.plain li { grid-template-columns: 2.25rem minmax(0, 1fr) minmax(3rem, 0.6fr) 4rem; min-height: 2.9rem; column-gap: 0.5rem; }
  .net.plain li { grid-template-columns: 1.25rem minmax(0, 1fr) minmax(3rem, 0.6fr) 4rem; }
  .net li.head-row, .net li.cut { min-height: 1.5rem; }
  .net .wide { display: none; } .net .small { display: block; font-weight: 400; }
}
.box { container-type: inline-size; }
"""

_JS = """
const CLOSED = "M17 9h-1V7a4 4 0 0 0-8 0v2H7a1.5 1.5 0 0 0-1.5 1.5v8A1.5 1.5 0 0 0 7 20h10a1.5 1.5 0 0 0 1.5-1.5v-8A1.5 1.5 0 0 0 17 9zM9.7 7a2.3 2.3 0 0 1 4.6 0v2H9.7z";
const OPEN = "M17 9H9.7V6.5a2.3 2.3 0 0 1 4.5-.7l1.6-.5A4 4 0 0 0 8 6.5V9H7a1.5 1.5 0 0 0-1.5 1.5v8A1.5 1.5 0 0 0 7 20h10a1.5 1.5 0 0 0 1.5-1.5v-8A1.5 1.5 0 0 0 17 9zm-1 9.3H8v-7.6h8z";

// Every text goes in as text, never as markup: names come from files and libraries.
function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function padlock(row, index, data, send) {
  const button = make("button", "lock");
  button.type = "button";
  button.dataset.stage = index;
  button.disabled = data.disabled;
  button.setAttribute("aria-pressed", String(row.frozen));
  const act = row.frozen ? "Frozen. Train from here on: " : "Trains. Freeze up to here: ";
  button.setAttribute("aria-label", act + row.name);
  button.title = act + row.name;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", row.frozen ? CLOSED : OPEN);
  svg.appendChild(path);
  button.appendChild(svg);
  button.onclick = () => send("freeze", row.frozen ? index : index + 1);
  return button;
}

function line(row, index, data, send) {
  const li = make("li", row.kind + (row.frozen ? " frozen" : ""));
  li.appendChild(row.kind === "stage" && data.locks ? padlock(row, index, data, send) : make("span", "dot"));
  const name = make("span", "name", row.name);
  name.title = row.name;
  name.appendChild(make("span", "small", row.small));
  li.appendChild(name);
  const bar = make("span", row.share === null ? "" : "bar");
  if (row.share !== null) {
    const fill = make("i");
    fill.style.width = (100 * row.share).toFixed(2) + "%";
    bar.appendChild(fill);
  }
  li.append(make("span", "num wide", row.layers), make("span", "num wide", row.shape), bar, make("span", "num", row.parameters));
  return li;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let list = parentElement.querySelector("ol");
  const scrolled = list ? list.scrollTop : 0;
  const hadFocus = list && list.getRootNode().activeElement?.dataset?.stage;
  const fresh = make("ol", "net" + (data.locks ? "" : " plain"));
  for (const [name, value] of Object.entries(data.colours)) fresh.style.setProperty("--" + name, value);
  const titles = make("li", "head-row");
  titles.append(make("span"), make("span", "", "Stage"), make("span", "num wide", "Layers"),
    make("span", "num wide", "Output"), make("span"), make("span", "num", "Parameters"));
  fresh.appendChild(titles);
  let stage = 0;
  data.rows.forEach((row, i) => {
    if (data.locks && row.kind === "stage" && stage === data.freeze && stage > 0)
      fresh.appendChild(make("li", "cut", "frozen above, trains below"));
    const li = line(row, stage, data, setTriggerValue);
    if (i === 0) li.classList.add("first");
    if (i === data.rows.length - 1) li.classList.add("last");
    if (row.kind === "stage") stage += 1;
    else if (data.locks && i > 0 && stage === data.freeze)
      fresh.appendChild(make("li", "cut", "frozen above, trains below"));
    fresh.appendChild(li);
  });
  if (list) list.replaceWith(fresh);
  else { const box = make("div", "box"); box.appendChild(fresh); parentElement.appendChild(box); }
  fresh.scrollTop = scrolled;
  if (hadFocus !== undefined && hadFocus !== null) fresh.querySelector(`[data-stage="${hadFocus}"]`)?.focus();
}
"""

_picture = st.components.v2.component("graft_network", css=_CSS, js=_JS)


def network_picture(
    stages: Sequence[Stage],
    *,
    input_size: int,
    key: str,
    freeze: int | None = None,
    head: str | None = None,
    head_parameters: int | None = None,
    on_freeze: Callable[[int], None] | None = None,
    disabled: bool = False,
) -> None:
    """Draw the network.

    freeze: how many stages are frozen; None draws no padlocks. head: what stands at the end, in words; None draws none.
    on_freeze: called with the new number of frozen stages when a padlock is clicked, before the page reruns.
    """

    def clicked() -> None:
        new = st.session_state[key].get("freeze")
        if on_freeze is not None and isinstance(new, int) and 0 <= new <= len(stages):
            on_freeze(new)

    data = {
        "rows": _rows(stages, input_size, freeze or 0, head, head_parameters),
        "freeze": freeze or 0,
        "locks": freeze is not None,
        "disabled": disabled or on_freeze is None,
        # Read in the browser, so a change of theme needs no rerun.
        "colours": {
            "trainable": "var(--st-link-color)",
            "frozen": "color-mix(in srgb, var(--st-text-color) 50%, var(--st-background-color))",
            "muted": "color-mix(in srgb, var(--st-text-color) 68%, var(--st-background-color))",
        },
    }
    _picture(key=key, data=data, on_freeze_change=clicked)


def _rows(
    stages: Sequence[Stage], input_size: int, freeze: int, head: str | None, head_parameters: int | None
) -> list[dict[str, object]]:
    most = max([1, head_parameters or 0, *(stage.parameters for stage in stages)])
    rows = [_row("edge", "Picture", None, None, f"3 × {input_size} × {input_size}")]
    for index, stage in enumerate(stages):
        shape = " × ".join(str(size) for size in stage.output_shape)
        row = _row("stage", clip(stage.name, 80), stage.layers, stage.parameters, shape)
        rows.append(row | {"share": stage.parameters / most, "frozen": index < freeze})
    if head is not None:
        row = _row("head", clip(head, 80), None, head_parameters, "")
        rows.append(row | {"share": (head_parameters or 0) / most})
    return rows


def _row(kind: str, name: str, layers: int | None, parameters: int | None, shape: str) -> dict[str, object]:
    small = [shape] if shape else []
    if layers is not None:
        small.append(count(layers, "layer"))
    return {
        "kind": kind,
        "name": name,
        "layers": "" if layers is None else f"{layers:,}",
        "parameters": "" if parameters is None else short_number(parameters),
        "shape": shape,
        "small": ", ".join(small),
        "share": None,
        "frozen": False,
    }
