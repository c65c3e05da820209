"""Tiny networks of the families, of random numbers, from configurations like the published ones."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from core.backbones.language import networks
from core.backbones.language.backbone import LanguageBackbone
from core.backbones.language.layers import cuts_of

LONGEST, WORDS = 64, 97
BASE: dict[str, Any] = {
    "vocab_size": WORDS,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 80,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
GROUPED = {"num_key_value_heads": 2}
RELATIVE = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_buckets": 16}
FAMILIES: dict[str, dict[str, Any]] = {
    "bert": {},
    "roberta": {"pad_token_id": 1},
    "distilbert": {"dim": 32, "n_layers": 3, "n_heads": 4, "hidden_dim": 48},
    "albert": {"embedding_size": 16},
    "electra": {"embedding_size": 16},
    "deberta": {**RELATIVE, "max_relative_positions": -1},
    "deberta-v2": {**RELATIVE, "norm_rel_ebd": "layer_norm", "share_att_key": True},
    "mpnet": {},
    "xlm-roberta": {"pad_token_id": 1},
    "camembert": {"pad_token_id": 1},
    "modernbert": {"global_attn_every_n_layers": 2, "local_attention": 8, "cls_token_id": 1, "sep_token_id": 2},
    "gpt2": {"n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 80, "n_inner": 48},
    "opt": {"ffn_dim": 48, "word_embed_proj_dim": 16, "pad_token_id": 1},
    "gpt_neox": {},
    "llama": GROUPED,
    "qwen2": {**GROUPED, "use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1},
    "qwen3": {**GROUPED, "head_dim": 8},
    "mistral": {**GROUPED, "sliding_window": 8},
    "gemma3_text": {**GROUPED, "head_dim": 8, "sliding_window": 8},
    "nomic_bert": {},
    "bloom": {"n_layer": 3, "n_head": 4},
    "rembert": {"input_embedding_size": 16},
    "falcon": {},
    "smollm3": GROUPED,
}
CAUSAL = {"gpt2", "opt", "gpt_neox", "llama", "qwen2", "qwen3", "mistral", "gemma3_text", "bloom", "falcon", "smollm3"}


class Info:
    name = said = architecture = "tiny"


def config_of(kind: str) -> dict[str, Any]:
    return {"model_type": kind, **BASE, **FAMILIES[kind]}


@cache
def cuts(kind: str) -> Any:
    network = networks.on_meta(config_of(kind))
    return cuts_of(network, networks.feed_of(network, types=True), LONGEST, types=True)


def tiny(kind: str, needs: Any = "pooled") -> LanguageBackbone:
    """Its numbers are large enough that every part of it matters."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = networks.random_network(config_of(kind))
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(6) if parameter.ndim > 1 else parameter.add_(torch.randn_like(parameter) * 0.3)
    return LanguageBackbone(Info(), network, cuts(kind), networks.is_causal(config_of(kind)), needs=needs).eval()


def texts(*lengths: int, seed: int = 0) -> dict[str, torch.Tensor]:
    """As many of random words, padded to the longest."""
    mask = torch.tensor([[1] * length + [0] * (max(lengths) - length) for length in lengths])
    ids = torch.randint(3, WORDS, mask.shape, generator=torch.Generator().manual_seed(seed)) * mask
    return {"ids": ids, "mask": mask, "types": torch.zeros_like(mask)}


def tokenizer(words: int = WORDS) -> str:
    """tokenizer.json of words w3, w4, ..., whose tokens are 3, 4, ..., between [CLS] and [SEP]."""
    vocabulary = {"[PAD]": 0, "[CLS]": 1, "[SEP]": 2} | {f"w{number}": number for number in range(3, words)}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="w3"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", [("[CLS]", 1), ("[SEP]", 2)]
    )
    return str(made.to_str())


def write_folder(folder: Path, kind: str = "bert", **changes: Any) -> Path:
    """A backbone as save_pretrained leaves one."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config_of(kind) | changes))
    (folder / "tokenizer.json").write_text(tokenizer())
    tensors = {name: each.contiguous() for name, each in tiny(kind).network.state_dict().items()}
    safetensors.torch.save_file(
        {f"{kind}.{name}": each.clone() for name, each in tensors.items()}, folder / "model.safetensors"
    )
    return folder
