"""The `config.json` of a language model, which may come from anywhere: read without torch, and running nothing."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import BackboneError
from core.units import file_size

FILE = "config.json"
LARGEST = 2**20  # bytes
LAST_POSITION = 1_000_000
# The most that a number may be whose key has this in its name. What is made of them is measured besides, before any
# of it is allocated: see networks.py.
BOUNDS = (
    (re.compile(r"layers?$|n_layer|blocks|depth|groups?$"), 256),
    (re.compile(r"heads?$|n_head"), 1024),
    (re.compile(r"vocab|n_words"), 4_000_000),
    (re.compile(r"position|n_ctx|n_positions"), LAST_POSITION),
    (re.compile(r"hidden_size|dim$|d_model|n_embd|inner|intermediate|ffn|d_head|embedding_size"), 200_000),
)
# Of a task that was learned before, of another library's way to load, or of running code: no part of the network.
DROPPED = re.compile(
    r"^_|^(architectures|auto_map|custom_pipelines|torch_dtype|dtype|num_labels|id2label|label2id|problem_type"
    r"|quantization_config|transformers_version|use_cache|is_decoder|add_cross_attention|cross_attention_hidden_size"
    r"|attn_implementation|return_dict|output_attentions|output_hidden_states|task_specific_params|finetuning_task"
    r"|gradient_checkpointing|pruned_heads|prefix|torchscript|tie_word_embeddings|base_model_tp_plan|use_bfloat16)$"
)
HIDDEN = ("hidden_size", "n_embd", "d_model", "dim", "emb_dim")
LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
POSITIONS = ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length")
HAVE_TYPES = frozenset({"bert", "albert", "electra", "mobilebert", "convbert", "roformer", "rembert", "ernie"})
SHARED = frozenset({"albert"})  # one layer for all
FAMILIES = {
    "albert": "ALBERT",
    "bert": "BERT",
    "camembert": "CamemBERT",
    "deberta": "DeBERTa",
    "deberta-v2": "DeBERTa V3",
    "distilbert": "DistilBERT",
    "electra": "ELECTRA",
    "gpt2": "GPT-2",
    "gpt_neox": "GPT-NeoX",
    "llama": "Llama",
    "modernbert": "ModernBERT",
    "mpnet": "MPNet",
    "opt": "OPT",
    "qwen2": "Qwen2",
    "roberta": "RoBERTa",
    "xlm-roberta": "XLM-R",
}

Config = Mapping[str, Any]


def read_config(folder: Path) -> dict[str, Any]:
    """What of it makes the network.

    Raises:
        BackboneError: there is none, it is damaged, or a number in it is absurd.
    """
    path = folder / FILE
    try:
        if (size := path.stat().st_size) > LARGEST:
            raise _unusable(f"has {file_size(size)}, and at most {file_size(LARGEST)} are read")
        said = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BackboneError(
            f"There is no {FILE} in {folder.name[:80]!r}, which says what the network looks like. Give the folder that "
            "save_pretrained of the transformers library wrote, or that the hub has."
        ) from error
    except OSError as error:
        raise _unusable(f"cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise _unusable("is no JSON") from error
    if not isinstance(said, dict) or not isinstance(said.get("model_type"), str):
        raise _unusable('does not say which network it is of ("model_type")')
    kept = {key: value for key, value in said.items() if not DROPPED.search(key)}
    for key, number in _numbers(kept):
        most = next((most for pattern, most in BOUNDS if pattern.search(key)), 2**31)
        if not abs(number) <= most:
            raise _unusable(f"says {key[:80]!r} is {number:,.0f}, and at most {most:,} is allowed")
    return kept


def _unusable(what: str) -> BackboneError:
    return BackboneError(f"{FILE} {what}. Give the folder as the transformers library or the hub has it.")


def _numbers(said: Any, key: str = "") -> Iterator[tuple[str, float]]:
    """Every number in it with the key that it stands under."""
    if isinstance(said, dict):
        for name, value in said.items():
            yield from _numbers(value, str(name))
    elif isinstance(said, list):
        for value in said:
            yield from _numbers(value, key)
    elif isinstance(said, int | float) and not isinstance(said, bool):
        yield key, said


def number(config: Config, names: tuple[str, ...], otherwise: int) -> int:
    """The first of these that it says; what is no whole number is passed over."""
    return next((config[name] for name in names if type(config.get(name)) is int), otherwise)


def digest(config: Config) -> str:
    """Two networks with the same digest and the same weights give the same."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:12]


def family(config: Config) -> str:
    kind = str(config["model_type"])
    return FAMILIES.get(kind, kind[:40].replace("_", " ").title())


def takes_types(config: Config) -> bool:
    """Whether the network is told which of two texts a token is of."""
    kind = config["model_type"]
    usual = 2 if kind in HAVE_TYPES else 0
    return number(config, ("type_vocab_size",), usual) > 1 and kind not in ("roberta", "xlm-roberta", "camembert")


def positions(config: Config) -> int:
    """How many tokens the network can read, special ones included."""
    most = number(config, POSITIONS, 512)
    if config["model_type"] in ("roberta", "xlm-roberta", "camembert", "mpnet"):  # which begin to count behind padding
        most -= number(config, ("pad_token_id",), 1) + 1
    return most


def multiply_adds(config: Config, parameters: int, tokens: int) -> float:
    """In 1e9, for a text of so many tokens, tables of tokens and positions left out."""
    width, layers = number(config, HIDDEN, 768), number(config, LAYERS, 12)
    tables = (number(config, ("vocab_size",), 30_000) + number(config, POSITIONS, 512)) * number(
        config, ("embedding_size", "word_embed_proj_dim"), width
    )
    times = layers if config["model_type"] in SHARED else 1
    return (max(0, parameters - tables) * times * tokens + 2 * layers * tokens**2 * width) / 1e9
