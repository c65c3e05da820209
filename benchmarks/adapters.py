"""Adapters beside the later half of the layers free and all free, on the sample sets of texts with classes.

    python -m benchmarks.adapters [--seeds N] [--write]

Each side is a preset untouched, on MiniLM, in the code that the worker runs; asked is the bundle, about 300 texts of
each set that no side trains or chooses with. Seconds are from Start until the worker has ended.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections import defaultdict

from benchmarks.machine import describe_machine
from benchmarks.results import write
from benchmarks.texts import BACKBONE, SETS, TEST, Measured, divided, graft, of_preset
from core.backbones.libraries import find, stages_of
from core.importing.importing import import_sample
from core.training.presets import PRESETS
from core.training.recipe import Recipe
from core.workspace import Workspace

SIDES = ("recommended", "adapters", "full-fine-tuning")
NOTE = "2 cores beside other work, so times are to be compared with each other only."


def trained_in_backbone(workspace: Workspace, preset: str) -> int:
    """How many numbers of the backbone learn."""
    stages = stages_of(find(BACKBONE), workspace)
    recipe = Recipe.parse({"dataset": "", "dataset_version": 1, "backbone": BACKBONE, **of_preset(preset)})
    free = stages[recipe.freeze :] if isinstance(recipe.freeze, int) else ()
    if recipe.adapters != "none":
        return sum(stage.adapters(recipe.adapters, recipe.adapter_rank) for stage in free)
    return sum(stage.parameters for stage in free)


def measure(workspace: Workspace, seeds: int) -> dict[str, dict[str, list[Measured]]]:
    found: dict[str, dict[str, list[Measured]]] = defaultdict(lambda: defaultdict(list))
    for seed in range(seeds):
        for key in SETS:
            given = divided(workspace, import_sample(workspace, key), seed)
            for side in SIDES:
                each = graft(workspace, given, seed, **of_preset(side))
                found[side][key].append(each)
                print(f"{key}, seed {seed}, {side}: {each.accuracy:.1%} in {each.seconds:.1f} s", file=sys.stderr)
    return found


def table(workspace: Workspace, found: dict[str, dict[str, list[Measured]]], seeds: int) -> list[str]:
    lines = [
        f"Accuracy on {TEST} test texts, a mean of {seeds} seeds, from the lowest to the highest; seconds. {NOTE}",
        "",
        f"| | numbers of the backbone that learn | {' | '.join(SETS)} | mean |",
        f"|---|---|{'---|' * (len(SETS) + 1)}",
    ]
    for side, of in found.items():
        cells, means = [], []
        for key in SETS:
            scores = [each.accuracy for each in of[key]]
            means.append(statistics.fmean(scores))
            seconds = statistics.fmean(each.seconds for each in of[key])
            cells.append(f"{means[-1]:.1%} ({min(scores):.1%} to {max(scores):.1%}), {seconds:.0f} s")
        learn = f"{trained_in_backbone(workspace, side):,}"
        lines.append(f"| {' | '.join([PRESETS[side].title, learn, *cells, f'{statistics.fmean(means):.1%}'])} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into the documents")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.open(folder)
        lines = table(workspace, measure(workspace, asked.seeds), asked.seeds)
    lines = [describe_machine().line(), "", *lines]
    print("\n".join(lines))
    if asked.write:
        write("\n".join(lines), "Adapters on the samples", "adapters.py", "defaults.md")


if __name__ == "__main__":
    main()
