"""The plain way to fine-tune a text model, as transformers' documentation writes it (tasks/sequence_classification).

    PYTHONPATH=build/trainer python -m benchmarks.trainer_side SAID.json

Called by benchmarks/texts.py with a file that says: model (a folder), train and test (lists of [text, class]), classes,
free (layers that learn, from the last one; null: all), epochs, rate, batch, pooling ("cls": the library's own head;
"mean": as a careful user does with a sentence encoder), seed. Prints one line of JSON: seconds from the texts to the
trained model, libraries imported beforehand, and the accuracy on the test texts.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)
from transformers.modeling_outputs import SequenceClassifierOutput


class MeanPooled(nn.Module):
    """The encoder with a linear layer on the mean of its tokens."""

    def __init__(self, folder: str, classes: int) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(folder)
        self.classifier = nn.Linear(self.encoder.config.hidden_size, classes)

    def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None, labels: Any = None) -> Any:
        steps = self.encoder(input_ids, attention_mask, token_type_ids=token_type_ids).last_hidden_state
        mask = attention_mask.unsqueeze(2).to(steps)
        logits = self.classifier((steps * mask).sum(1) / mask.sum(1))
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)


def model_of(said: dict[str, Any]) -> nn.Module:
    classes = said["classes"]
    if said["pooling"] == "mean":
        model: Any = MeanPooled(said["model"], classes)
        encoder = model.encoder
    else:
        model = AutoModelForSequenceClassification.from_pretrained(said["model"], num_labels=classes)
        encoder = model.base_model
    if said["free"] is not None:
        for parameter in encoder.parameters():
            parameter.requires_grad_(False)
        for layer in encoder.encoder.layer[len(encoder.encoder.layer) - said["free"] :]:
            layer.requires_grad_(True)
    return model


def main() -> None:
    said = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    torch.manual_seed(said["seed"])
    began = time.perf_counter()
    tokenizer = AutoTokenizer.from_pretrained(said["model"])
    parts = {
        name: [{**tokenizer(text, truncation=True, max_length=256), "label": label} for text, label in said[name]]
        for name in ("train", "test")
    }
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingArguments(
            output_dir=folder,
            learning_rate=said["rate"],
            per_device_train_batch_size=said["batch"],
            per_device_eval_batch_size=said["batch"],
            num_train_epochs=said["epochs"],
            weight_decay=0.01,
            eval_strategy="epoch" if said["evaluates"] else "no",
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            seed=said["seed"],
            use_cpu=not torch.cuda.is_available(),
        )
        trainer = Trainer(
            model=model_of(said),
            args=settings,
            train_dataset=parts["train"],
            eval_dataset=parts["test"],
            processing_class=tokenizer,
            data_collator=DataCollatorWithPadding(tokenizer=tokenizer),
            compute_metrics=lambda found: {"accuracy": float((found[0].argmax(1) == found[1]).mean())},
        )
        trainer.train()
        seconds = time.perf_counter() - began
        logits = trainer.predict(parts["test"]).predictions
    right = float((np.argmax(logits, 1) == np.array([label for _, label in said["test"]])).mean())
    print(json.dumps({"seconds": seconds, "accuracy": right}))


if __name__ == "__main__":
    main()
