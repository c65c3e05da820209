"""What is known about one backbone for images and one set of its weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from core.modalities.images import IMAGE
from core.modalities.images.preprocessing import PLAIN, Fit, Preprocessing, Rendering


@dataclass(frozen=True)
class BackboneInfo:
    """What is known about one backbone and one set of its weights. None: the library does not say.

    Attributes:
        name: "efficientnet_lite0" (bundled), "torchvision/resnet50.IMAGENET1K_V2", "timm/resnet50.a1_in1k".
        library: "bundled", "torchvision" or "timm".
        parameters: Of the whole published network, its last layer included.
        input_size: That it was published for; the one it is used with is in `preprocessing`, see `fitted`.
        gflops: Multiply-adds in 1e9 for one image of `input_size`, as torchvision counts them.
        top1: Accuracy on ImageNet-1K in percent, as the library states it.
        licence: Of the weights, in the library's words.
        url: Where the weights are downloaded from; None if they come from the hub.
        hub: The repository of the weights on the Hugging Face hub.
    """

    name: str
    library: str
    architecture: str
    tag: str
    family: str
    parameters: int | None
    gflops: float | None
    top1: float | None
    input_size: int
    download_bytes: int | None
    licence: str | None
    url: str | None
    hub: str | None
    preprocessing: Preprocessing

    modality: ClassVar[str] = IMAGE.name

    def fitted(self, fit: Fit = "crop", resolution: int | None = None, rendering: Rendering = PLAIN) -> BackboneInfo:
        """The same backbone for images of another size in pixels, or brought to it in another way.

        resolution: None for its own size. rendering: of the dataset that it is used on.
        """
        own = self.preprocessing
        size = resolution or self.input_size
        resize = round(own.resize * size / own.size)
        return replace(
            self,
            preprocessing=own.model_copy(update={"size": size, "resize": resize, "fit": fit, "rendering": rendering}),
        )

    @property
    def builder(self) -> str:
        """The library that has its network: "torchvision" or "timm"."""
        if self.library == "bundled":
            return "timm" if self.architecture.startswith("tf_") else "torchvision"
        return self.library

    @property
    def said(self) -> str:
        """Its name, with the size of images and their fit where they are not its own."""
        how = self.preprocessing
        parts = [f" at {how.size}" if how.size != self.input_size else "", f" {how.fit}" if how.fit != "crop" else ""]
        return self.name + "".join(parts)
