"""SmolLM2 beside MiniLM: both fine-tuned once on a sample set of texts, all frozen and with the last two layers free.

    python -m benchmarks.walk_text [--write]

SmolLM2 is fetched first if it is not there. The texts are of the sample set of sentiment; test texts are 300 that no
side trains or chooses with. Graft is timed from Start until the worker has ended, with nothing kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from typing import Any

from benchmarks.machine import describe_machine
from benchmarks.results import write
from benchmarks.texts import TEST, Measured, divided, graft
from core.backbones.bundled import MINILM, SMOLLM2
from core.backbones.libraries import download, find, is_ready, stages_of
from core.importing.importing import import_sample
from core.store.cache import empty
from core.workspace import Workspace

SAMPLE, SEED = "sentiment", 0
WAYS = {"all frozen, 10 epochs": (0, 10), "last two layers free, 3 epochs": (2, 3)}


def walked(workspace: Workspace) -> list[str]:
    info = find(SMOLLM2, workspace)
    if not is_ready(info, workspace):
        print(f"Fetching {SMOLLM2}.", file=sys.stderr)
        download(info, workspace, lambda done, total: None, lambda: False)
    given = divided(workspace, import_sample(workspace, SAMPLE), SEED)
    lines = [
        f"{len(given.train):,} texts of the sample {SAMPLE}, {TEST} tested. Seconds, and test accuracy.",
        "",
        f"| | {' | '.join(WAYS)} |",
        f"|---|{'---|' * len(WAYS)}",
    ]
    for name in (MINILM, SMOLLM2):
        cells = []
        for free, epochs in WAYS.values():
            empty(workspace)
            found = _fine_tuned(workspace, given, name, free, epochs)
            cells.append(f"{found.seconds:.0f} s, {found.accuracy:.1%}")
            print(f"{name}, {free} free: {cells[-1]}", file=sys.stderr, flush=True)
        lines.append(f"| {name}, {(find(name).parameters or 0) / 1e6:.0f} M | {' | '.join(cells)} |")
    return lines


def _fine_tuned(workspace: Workspace, given: Any, name: str, free: int, epochs: int) -> Measured:
    stages = len(stages_of(find(name), workspace))
    return graft(workspace, given, SEED, backbone=name, freeze=stages - free if free else "all", epochs=epochs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = [describe_machine().line(), "", *walked(Workspace.open(folder))]
    print("\n".join(lines))
    if asked.write:
        write("\n".join(lines), "SmolLM2", "walk_text.py")


if __name__ == "__main__":
    main()
