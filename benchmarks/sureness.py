"""How sure the samples' models are, before a temperature and with the one that their validation part asks for.

    python -m benchmarks.sureness [--seeds N] [--sets NAME ...] [--write]

Each is trained as a user does it untouched, and texts with everything frozen, too. A quarter of the examples is set
apart as a test part, on which both are judged; a fifth of the others is the validation part.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.results import write
from core import runs
from core.data.changes import resplit
from core.evaluation.answered import answered
from core.evaluation.calibration import Calibration, calibration
from core.importing.importing import import_sample
from core.inference.deciding import read_decision
from core.training.presets import PRESETS
from core.training.recipe import Recipe
from core.workspace import Workspace

TEST = 0.25
IMAGES, TEXTS = ("efficientnet_lite0", 0), ("minilm", 7)  # the backbone, its stages
LONG = {"optimizer": "adamw", "epochs": 100, "learning_rate": 1e-2}
SETS = {  # the sample, a preset
    "textures": ("textures", "recommended", *IMAGES),
    "digits": ("digits", "recommended", *IMAGES),
    "gauges": ("gauges", "recommended", *IMAGES),
    "sentiment, frozen": ("sentiment", "frozen", *TEXTS),
    "sentiment": ("sentiment", "recommended", *TEXTS),
    "topics, frozen": ("topics", "frozen", *TEXTS),
    "topics": ("topics", "recommended", *TEXTS),
    "topics, frozen, 100 epochs of AdamW": ("topics", "frozen", *TEXTS, LONG),
}


def trained(workspace: Workspace, name: str, seed: int) -> tuple[Path, object]:
    sample, preset, backbone, stages, *changes = SETS[name]
    dataset = import_sample(workspace, sample)
    dataset = resplit(workspace, dataset, validation=0.2 * (1 - TEST), test=TEST, seed=seed)
    settings = PRESETS[preset].settings(dataset.kind, dataset.modality.name, stages)
    place = {"dataset": dataset.id, "dataset_version": dataset.version, "backbone": backbone}
    place |= {"modality": dataset.modality.name, "task": dataset.kind}
    run = runs.start(workspace, Recipe.parse({**settings, **place, "seed": seed, **dict(*changes)}))
    view = run.view()
    while view.status.active:
        view = run.view(view)
        time.sleep(0.2)
    if run.bundle is None:
        raise SystemExit(f"The run was {view.status.value}: {view.message}\n{run.log_tail()}")
    return run.bundle, dataset


def line(name: str, found: list[tuple[Calibration, bool]]) -> str:
    def middle(values: list[float], form: str) -> str:
        return f"{statistics.fmean(values):{form}}"

    each = [one for one, _ in found]
    cells = [
        name,
        f"{each[0].fit.examples}, {each[0].before.answers}",
        middle([one.before.right for one in each], ".1%"),
        f"{middle([one.before.sure for one in each], '.1%')} → {middle([one.after.sure for one in each], '.1%')}",
        f"{middle([one.before.error for one in each], '.1%')} → {middle([one.after.error for one in each], '.1%')}",
        middle([one.before.by_chance for one in each], ".1%"),
        f"{middle([one.loss_before for one in each], '.3f')} → {middle([one.loss_after for one in each], '.3f')}",
        ", ".join(f"{one.fit.temperature:.2f}" for one in each),
        f"{sum(on for _, on in found)} of {len(found)}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rows, ranges = defaultdict(list), []
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.open(Path(folder))
        for name in options.sets:
            for seed in range(options.seeds):
                bundle, dataset = trained(workspace, name, seed)
                test, by = (answered(bundle, dataset, part) for part in ("test", "validation"))  # type: ignore[arg-type]
                decision = read_decision(bundle)
                if test.judge.ranges:
                    inside = np.abs(test.judged.said - test.judged.truth) <= decision.within
                    ranges.append(f"±{decision.within:.3g} holds {inside.mean():.1%}")
                    print(name, seed, ranges[-1], flush=True)
                    continue
                rows[name].append((calibration(test, by), decision.temperature != 1))
                fit = rows[name][-1][0].fit
                gained = f"held out {fit.before:.3f} → {fit.after:.3f}, likelihood ratio {fit.ratio:.2f}"
                print(name, seed, line(name, rows[name][-1:]), gained, flush=True)
    words = "\n".join(
        [
            describe_machine().line(),
            "",
            f"Means of {options.seeds} seeds. ECE: of bins with equally many answers.",
            "",
            "| set | validation, test | right | how sure | ECE | by chance alone | log loss | temperatures | on |",
            "|---|---|---|---|---|---|---|---|---|",
            *(line(name, found) for name, found in rows.items()),
            "",
            *([f"Gauges, ranges for 90% of the answers on the test part: {'; '.join(ranges)}."] if ranges else []),
        ]
    )
    print(words)
    if options.write:
        write(words, "Samples", "sureness.py", "evaluation.md")


if __name__ == "__main__":
    main()
