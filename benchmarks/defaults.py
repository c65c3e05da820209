"""Do the untouched defaults win? The measurement behind docs/defaults.md.

    python -m benchmarks.defaults FOLDER [--final] [--sides ...] [--presets] [--quick] [--write]

FOLDER has the sets that `python -m benchmarks.sets` builds. Of each set so many images of a class are labeled, with
each of three seeds, and others test, which no side trains or chooses with. Each side then learns from the labeled ones:

- Recommended, untouched, through the code that the worker runs, asked as a bundle is asked; a fifth of the labeled
  images validate, as in any dataset that comes without a split;
- logistic regression (scikit-learn) on the same frozen features of all labeled images, C by cross-validation;
- the nearest of all labeled images, by the cosine of the same features;
- fastai's `fine_tune` for 1 + 4 epochs, as in benchmarks/accuracy.py, with the same part to validate;
- Recommended with the last two stages free;
- with --presets, every preset.

Without --final the sets to tune with are measured; with it the four whose hashes were kept before anything was tuned,
which is done once. Every result is kept in WORK/results.jsonl as soon as it is there, so that an interrupted
measurement goes on; Graft's own are computed again when the code that decides them has changed. fastai is in
build/fastai: `make build/fastai/installed`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from benchmarks import contest, sets
from benchmarks.contest import Side, Trial, preset_sides, ready, sides
from benchmarks.draws import SIZES, Cell, draw
from benchmarks.machine import describe_machine
from benchmarks.pairs import CONFIDENCE, Found, Kept, tables
from benchmarks.results import write
from core.workspace import Workspace

SEEDS = (0, 1, 2)
QUICK_SIZES, QUICK_SEEDS = ("5", "20"), (0,)


def cells_of(names: list[str], sizes: list[str], seeds: tuple[int, ...]) -> list[Cell]:
    """The small sizes of all sets first: they are soon done, and tell most."""
    return [Cell(name, size, seed) for size in sizes for name in names for seed in seeds]


def measure(folder: Path, work: Path, cells: list[Cell], chosen: dict[str, Side]) -> Found:
    """Compute what is not kept yet, and give what the chosen sides reached."""
    workspace, kept = Workspace.open(work / "workspace"), Kept(work / "results.jsonl")
    for cell in cells:
        missing = [key for key, side in chosen.items() if kept.get(cell, key, side.known_as) is None]
        if missing:
            drawn = draw(folder / cell.set, cell)
            trial = ready(workspace, folder / cell.set, drawn, cell.seed)
            for key in missing:
                _try(kept, cell, key, chosen[key], trial)
    return collect(kept, cells, chosen)


def _try(kept: Kept, cell: Cell, key: str, side: Side, trial: Trial) -> None:
    began = time.perf_counter()
    accuracy = side.answers(trial, side.settings)
    seconds = time.perf_counter() - began
    kept.add(cell, key, side.known_as, accuracy, seconds)
    where = f"{cell.set}, {cell.size} a class, seed {cell.seed}"
    print(f"{where}, {side.title}: {accuracy:.1%} in {seconds:.1f} s", file=sys.stderr, flush=True)


def collect(kept: Kept, cells: list[Cell], chosen: dict[str, Side]) -> Found:
    """What is there already, without computing anything."""
    reached = {cell: {key: kept.get(cell, key, side.known_as) for key, side in chosen.items()} for cell in cells}
    return {
        cell: {key: accuracy for key, accuracy in each.items() if accuracy is not None}
        for cell, each in reached.items()
    }


def refuse_others(folder: Path, names: list[str]) -> None:
    """A set that is not the one whose hash is known measures something else."""
    known = json.loads(sets.KNOWN.read_text(encoding="utf-8"))
    for name in names:
        if not (folder / name).is_dir() or sets.digest(folder / name) != known[name]["sha256"]:
            raise SystemExit(f"{folder / name} is not there or not as it was. Say: python -m benchmarks.sets {folder}")


def words(found: Found, chosen: dict[str, Side]) -> str:
    seeds = len({cell.seed for cell in found})
    head = (
        f"Accuracy on the test images of {len({cell.set for cell in found})} sets, a mean of {seeds} seeds. Then the "
        f"mean difference of {next(iter(chosen.values())).title} over all pairs of a set and a seed, in points, with "
        f"its {CONFIDENCE:.0%} interval, and how many pairs it won, tied and lost."
    )
    lines = tables(found, {key: side.title for key, side in chosen.items()})
    return "\n".join([head, describe_machine().line(), "", *lines, ""])


def main() -> None:
    options = _options()
    names = [
        each.name for each in sets.SETS if each.final == options.final and each.name in (options.sets or [each.name])
    ]
    refuse_others(options.folder, names)
    known = sides() | preset_sides()
    keys = options.sides or [*sides(), *(preset_sides() if options.presets else ())]
    chosen = {key: known[key] for key in keys}
    sizes = [size for size in SIZES if size in (options.sizes or (QUICK_SIZES if options.quick else SIZES))]
    cells = cells_of(names, sizes, QUICK_SEEDS if options.quick else SEEDS)
    options.work.mkdir(parents=True, exist_ok=True)
    if options.only_table:
        found = collect(Kept(options.work / "results.jsonl"), cells, chosen)
    else:
        found = measure(options.folder, options.work, cells, chosen)
    said = words(found, chosen)
    print(said)
    if options.write:
        write(said, "Final sets" if options.final else "Tuning sets", "defaults.py", "defaults.md")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.defaults", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="where python -m benchmarks.sets built the sets")
    parser.add_argument("--final", action="store_true", help="the sets kept for the last table, and not the others")
    parser.add_argument("--work", type=Path, default=Path("build/defaults"), help="where results are kept")
    parser.add_argument("--sides", nargs="+", choices=[*sides(), *preset_sides()], metavar="SIDE")
    parser.add_argument("--presets", action="store_true", help="every preset as well")
    parser.add_argument("--sets", nargs="+", choices=[each.name for each in sets.SETS], metavar="NAME")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, metavar="SIZE")
    parser.add_argument("--quick", action="store_true", help="two sizes, one seed")
    parser.add_argument("--only-table", action="store_true", help="compute nothing: the table of what is kept")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/defaults.md")
    options = parser.parse_args()
    wanted = options.sides or sides()
    if "fastai" in wanted and not options.only_table and not contest.can_run("fastai"):
        parser.error("fastai is not there yet; say: make build/fastai/installed (or leave it out with --sides)")
    return options


if __name__ == "__main__":
    main()
