"""What can be typed, and what happens when it goes wrong."""

from __future__ import annotations

import argparse
import json
import sys
from argparse import SUPPRESS
from collections.abc import Sequence
from typing import Any, NoReturn, get_args

from core.backbones.catalogue import BUNDLED
from core.commands import data, deleting, evaluating, explaining, jobs, probes, steering
from core.commands.backbones import backbones as backbones_job
from core.commands.cache import cache as cache_job
from core.errors import GraftError
from core.importing.tables.encodings import ENCODINGS
from core.importing.tables.reading import NO_SECOND, Pages
from core.modalities import IMAGE, MODALITIES
from core.store.full_disk import is_full, refused
from core.tasks import readable
from core.training.presets import DEFAULT, PRESETS, Preset
from core.training.recipe import OPTIONS, WORDS_OF, Recipe, words_of
from core.words import with_noun

PREDICTED = "image files, or folders of them; of a run that learned from texts: a text, or files of lines or tables"
SOURCES = "a ZIP, a TAR, a folder, or a table (CSV, ...) that names images or holds texts"
REMOTE = "an address (https://...), or a set of the hub (hub:OWNER/NAME)"
DATASET = "a dataset's name or id, see `datasets`; NAME@2 is its version 2, else the newest is taken"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status."""
    options = build_parser().parse_args(arguments)
    try:
        return int(options.job(options))
    except jobs.UsageError as error:
        return _failed(options, str(error), status=2)
    except GraftError as error:
        return _failed(options, str(error))
    except KeyboardInterrupt:
        return _failed(options, "Stopped.")
    except BrokenPipeError:  # the reader, `head` for instance, has seen enough
        sys.stderr.close()
        return 0
    except OSError as error:
        if not is_full(error):
            raise
        return _failed(options, refused(error))


def _failed(options: argparse.Namespace, sentence: str, status: int = 1) -> int:
    print(sentence, file=sys.stderr)
    if getattr(options, "json", False):
        print(json.dumps({"status": "failed", "error": sentence}))
    return status


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core", description="Graft from a shell.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    train = _command(commands, "train", jobs.train, "fine-tune a backbone on labeled images or texts")
    where = train.add_mutually_exclusive_group()
    _devices(where, "how many devices of this machine train together (default: 1); the results stay the same")
    no_start = "only make the run, and print its folder: for `torchrun`, which is told how many devices there are"
    where.add_argument("--no-start", action="store_true", help=no_start)
    train.add_argument("--name", metavar="NAME", default="", help="what to call the run (default: by what it is)")
    _recipe(train)
    _recipe(_command(commands, "estimate", probes.estimate, "say how long a run would take here, and how much memory"))
    _recipe(_command(commands, "lr-find", probes.lr_find, "try learning rates, and suggest one"))
    crossval = _command(commands, "crossval", probes.crossval, "train once for each fold, and say how much scores vary")
    crossval.add_argument("--folds", metavar="K", type=_positive, default=5, help="2 to 20 (default: %(default)s)")
    _recipe(crossval)
    _predict(_command(commands, "predict", jobs.predict, "ask a finished run about images or texts", json_option=False))
    _evaluate(
        _command(commands, "evaluate", evaluating.evaluate, "say how good a finished run is, and how sure that is")
    )
    _explain(_command(commands, "explain", explaining.explain_one, "show why a finished run answers so"))
    check = _command(commands, "check", data.check, "say what is in images or texts, and keep nothing")
    check.add_argument("path", metavar="PATH", help=SOURCES)
    _reading(check)
    bring_in = _command(commands, "import", data.bring_in, "keep images or texts as a dataset, and say what was found")
    what = bring_in.add_mutually_exclusive_group(required=True)
    what.add_argument("path", metavar="PATH", nargs="?", help=f"{SOURCES}; or what is fetched: {REMOTE}")
    what.add_argument("--published", metavar="SET", help="fetch a set that torchvision knows, such as EuroSAT")
    bring_in.add_argument("--part", metavar="NAME", default="", help="of a set of the hub (default: the likeliest)")
    bring_in.add_argument("--name", metavar="NAME", help="what to call it (default: by the path)")
    _reading(bring_in)
    merge = _command(commands, "merge", data.merge, "make one dataset of two, which stay as they are")
    merge.add_argument("first", metavar="DATASET", help=DATASET)
    merge.add_argument("second", metavar="DATASET", help="the one whose classes are mapped onto the first's")
    becomes = "what a class of the second becomes; OLD= leaves it out (default: the same but for spelling)"
    merge.add_argument("--map", metavar="OLD=NEW", action="append", default=[], help=becomes)
    merge.add_argument("--name", metavar="NAME", help="what to call it (default: by both)")
    read = "make a dataset of a dataset's texts, those without an answer too, to go on with pre-training on"
    pretraining = _command(commands, "pretraining", data.pretraining, read)
    pretraining.add_argument("dataset", metavar="DATASET", help=DATASET)
    rename = _command(commands, "rename-class", data.rename_class, "give a class another name, or that of another one")
    rename.add_argument("dataset", metavar="DATASET", help=DATASET)
    rename.add_argument("becomes", metavar="OLD=NEW", nargs="+", help="two that become the same are made one")
    _command(commands, "datasets", data.datasets, "list the datasets, newest first")
    survey = _command(commands, "survey", data.survey, "list label issues and outliers")
    survey.add_argument("dataset", metavar="DATASET", help=DATASET)
    survey.add_argument("--backbone", metavar="NAME", default="efficientnet_lite0", help="(default: %(default)s)")
    backbones = _command(commands, "backbones", backbones_job, "list the backbones, for images and for texts")
    search = "only those with all these words in name, family, languages or licence"
    backbones.add_argument("--search", metavar="TEXT", default="", help=search)
    backbones.add_argument("--modality", choices=MODALITIES, help="only those that read such examples")
    show = "say what a backbone is and how large, fetching no weights; of the hub any: hub/OWNER/NAME"
    backbones.add_argument("--show", metavar="NAME", help=show)
    fetch = "fetch the weights of this backbone and keep them; of the hub any: hub/OWNER/NAME"
    backbones.add_argument("--download", metavar="NAME", help=fetch)
    add_help = "take a folder, or a ZIP, of a model for texts: config.json, a tokenizer and safetensors"
    backbones.add_argument("--add", metavar="FOLDER", help=add_help)
    from_help = "keep the network of a run that went on with pre-training as a backbone: its id or name, or `latest`"
    backbones.add_argument("--from-run", metavar="RUN", help=from_help)
    _command(commands, "runs", jobs.runs, "list the runs, newest first")
    _steering(commands)
    cache = _command(commands, "cache", cache_job, "say how large the cache is, part by part, or empty it")
    cache.add_argument("--empty", action="store_true", help="throw away all that can be made again")
    cache.add_argument("--weights", action="store_true", help="with --empty: downloaded weights too")
    _deleting(commands)
    return parser


def _reading(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("how it is read", "What is not said is guessed, and what was guessed is told.")
    add = group.add_argument
    help = "the column of the table that says the answer"
    add("--label-column", "--label", metavar="HEADING", default="", help=help)
    add("--text", metavar="HEADING", default="", help="the column of the table that holds the texts")
    second = f"the column of texts that belong to them, such as answers to questions; `{NO_SECOND}`: none"
    add("--second", metavar="HEADING", default="", help=second)
    level = "which folder below what all share gives the class, from 1; 0: the files' names do"
    add("--label-folder", metavar="N", type=_level, help=level)
    kinds = [f"{name} ({task.each})" for name, task in readable().items()]
    add("--as", dest="kind", choices=list(readable()), help="what the answer is: " + ", ".join(kinds))
    split = "`folders`, `new` for a new one, or the heading of a column (default: as it comes, else a new one)"
    add("--split-from", metavar="WHERE", default="", help=split)
    add("--encoding", choices=ENCODINGS, default="", metavar="NAME", help=f"of text: {', '.join(ENCODINGS)}")
    add("--pages", choices=get_args(Pages), default="first", help="of files with several pages (default: %(default)s)")


def _level(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")
    return int(text)


def _deleting(commands: Any) -> None:
    delete = _command(commands, "delete", deleting.delete, "move something to the trash, where it stays for some days")
    delete.add_argument("kind", metavar="KIND", choices=deleting.KINDS, help=", ".join(deleting.KINDS))
    delete.add_argument("name", metavar="NAME", help="its id or its name")
    delete.add_argument("--stop", action="store_true", help="stop the runs that are at work on it first")
    trash = _command(commands, "trash", deleting.trash, "list what is in the trash, take it back, or empty it")
    whats = ("list", "restore", "empty")
    trash.add_argument("what", metavar="|".join(whats), nargs="?", choices=whats, default="list")
    trash.add_argument("id", metavar="ID", nargs="?", help="of what to restore (default: what was deleted last)")


def _command(commands: Any, name: str, job: jobs.Job, help: str, json_option: bool = True) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
    command.set_defaults(job=job)
    command.add_argument(
        "--workspace", metavar="DIR", help="where Graft keeps its things (default: $GRAFT_HOME or ~/.graft)"
    )
    if json_option:
        command.add_argument("--json", action="store_true", help="print the result as JSON on the last line")
    return command


def _recipe(command: argparse.ArgumentParser) -> None:
    default = {name: field.default for name, field in Recipe.model_fields.items()}
    add = command.add_argument
    add("--data", metavar="PATH", required=True, help=f"{SOURCES}; or {DATASET}")
    base = command.add_mutually_exclusive_group()
    named = "; ".join(f"{name}: {_said(preset)}" for name, preset in PRESETS.items())
    base.add_argument(
        "--preset",
        choices=PRESETS,
        default=DEFAULT,
        metavar="NAME",
        help=f"settings to begin with (default: %(default)s). {named}",
    )
    base.add_argument("--recipe", metavar="FILE", help="settings to begin with, from a file that Graft saved")
    add("--save-recipe", metavar="FILE", help="write the settings to a file, to keep or to share")
    add("--backbone", metavar="NAME", default=SUPPRESS, help=f"see `backbones` (default: {BUNDLED}; for texts minilm)")
    add(
        "--freeze",
        metavar="all|none|N",
        type=_freeze,
        default=SUPPRESS,
        help="how many of the backbone's first stages stay as they are; of one for texts the first is the embeddings, "
        f"and each layer is another (default: {default['freeze']}; for texts the preset says how many)",
    )
    add("--hidden-units", metavar="N", type=_positive, help="a head with one hidden layer of N units")
    add("--dropout", metavar="P", type=float, default=0.2, help="dropout in such a head (default: %(default)s)")
    stages = "which stages the head reads (default: auto)"
    add("--reads", choices=("auto", "last", "several"), default="auto", help=stages)
    add(
        "--optimizer",
        metavar="NAME",
        default=SUPPRESS,
        help=f"auto, adamw, adam or sgd (default: {default['optimizer']})",
    )
    add(
        "--lr",
        metavar="X",
        dest="learning_rate",
        type=float,
        default=SUPPRESS,
        help="learning rate (default: by optimizer and freeze)",
    )
    add("--epochs", metavar="N", type=int, default=SUPPRESS, help=f"(default: {default['epochs']})")
    add(
        "--batch-size",
        metavar="N|auto",
        type=_batch_size,
        default=SUPPRESS,
        help=f"auto: found for the device (default: {default['batch_size']})",
    )
    add("--seed", metavar="N", type=int, default=SUPPRESS, help=f"(default: {default['seed']})")
    _reading(command)
    more = command.add_argument_group("settings for experts", "The defaults are those of the recommended preset.")
    for name, option in OPTIONS.items():
        _setting(more, name, option)


def _said(preset: Preset) -> str:
    """Whom it is for, of images and of texts where they differ."""
    of = {modality.noun: preset.said(name) for name, modality in MODALITIES.items() if preset.suits(name)}
    begun = {noun: f"{sentence[0].lower()}{sentence[1:].rstrip('.')}" for noun, sentence in of.items()}
    if len(of) == len(MODALITIES) and len({*of.values()}) == 1:
        return begun.popitem()[1]
    return "; ".join(f"for {noun}s, {sentence}" for noun, sentence in begun.items())


def _words(name: str) -> str:
    """What a setting is, of examples of any kind unless it is for images alone."""
    said = Recipe.model_fields[name].description or ""
    return (said if name in IMAGE.adjusted_by else with_noun(said, "example")).replace("%", "%%")


def _setting(group: Any, name: str, option: str) -> None:
    """An option for a setting of the recipe, explained by the setting's own description."""
    field = Recipe.model_fields[name]
    kinds = [kind for kind in (get_args(field.annotation) or [field.annotation]) if kind is not type(None)]
    words = _words(name)
    if field.annotation is bool:
        group.add_argument(option, dest=name, action=argparse.BooleanOptionalAction, default=SUPPRESS, help=words)
        return
    named = (
        (words_of(name) if name in WORDS_OF else ())
        or get_args(kinds[0])
        or (kinds if isinstance(kinds[0], str) else ())
    )
    metavar = "|".join(map(str, named)) or ("FILE" if name == "weights_file" else "X" if kinds[0] is float else "N")
    said = "" if field.default is None else f" (default: {field.default})"
    kind = str if named or kinds[0] is str else kinds[0]
    group.add_argument(option, dest=name, metavar=metavar, type=kind, default=SUPPRESS, help=f"{words}{said}")


def _predict(command: argparse.ArgumentParser) -> None:
    command.add_argument("--run", metavar="RUN", required=True, help="a run's id or name, or `latest`")
    command.add_argument(
        "--top", metavar="K", type=_positive, default=5, help="classes per example (default: %(default)s)"
    )
    command.add_argument("--format", choices=("table", "json", "csv"), default="table", help="(default: %(default)s)")
    command.add_argument("images", metavar="IMAGE", nargs="+", help=PREDICTED)


def _explain(command: argparse.ArgumentParser) -> None:
    command.add_argument("--run", metavar="RUN", required=True, help="a run's id or name, or `latest`")
    example = "an image file; of a run that learned from texts, a text, or a file with one"
    command.add_argument("example", metavar="EXAMPLE", help=example)
    out = "the file to write: .png, the image with the map on it, or .html, a page that needs nothing but itself"
    command.add_argument("--out", metavar="FILE", required=True, help=out)
    of = "what to explain: a class, a label, or an entity as PLACE TYPE (default: the likeliest)"
    command.add_argument("--class", metavar="CLASS", dest="target", help=of)
    command.add_argument("--method", metavar="NAME", help="how: a wrong one lists those there are (default: the first)")


def _evaluate(command: argparse.ArgumentParser) -> None:
    command.add_argument("--run", metavar="RUN", required=True, help="a run's id or name, or `latest`")
    on = "test, validation (default: the test part, where there is one), or another labeled set: a path, or a dataset"
    command.add_argument("--on", metavar="PART|PATH", default="", help=on)


def _steering(commands: Any) -> None:
    going_on = "go on with a run that was paused, stopped or interrupted, or start one that was only made"
    name = _command(commands, "name", steering.name, "give a run a name; it decides nothing of what the run gives")
    resume = _command(commands, "resume", steering.resume, going_on)
    extend = _command(commands, "extend", steering.extend, "train a run for more epochs, also one that has finished")
    pause = _command(commands, "pause", steering.pause, "let a run leave the device for now, to go on exactly there")
    stop = _command(commands, "stop", steering.stop, "end a run, and keep the weights of its best epoch")
    for command in (resume, extend, pause, stop, name):
        command.add_argument("run", metavar="RUN", help="a run's id or name, or `latest`")
    name.add_argument("name", metavar="NAME", help='its name from now on; "" gives back the one it had by itself')
    more = "how many more: of a run at work, after those that are planned, and its patience counts afresh; of one that "
    more += "has ended, all of them, whatever its patience"
    extend.add_argument("--epochs", metavar="N", type=_positive, required=True, help=more)
    for command in (resume, extend):
        _devices(command, "how many devices of this machine train together (default: as many as before)")
        command.add_argument("--detach", action="store_true", help="return at once, and do not follow the run")


def _devices(command: Any, help: str) -> None:
    command.add_argument("--devices", metavar="N", type=_positive, help=help)


def _freeze(text: str) -> int | str:
    if text in ("all", "none"):
        return 0 if text == "none" else text
    return _whole(text, at_least=0, expected="all, none or a number of stages")


def _batch_size(text: str) -> int | str:
    return text if text == "auto" else _whole(text, at_least=1, expected="auto or a number of examples")


def _positive(text: str) -> int:
    return _whole(text, at_least=1, expected="a whole number from 1")


def _whole(text: str, at_least: int, expected: str) -> int | NoReturn:
    if not text.isdecimal() or int(text) < at_least:
        raise argparse.ArgumentTypeError(f"{text!r} is not {expected}")
    return int(text)
