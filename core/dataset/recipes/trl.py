"""TRL, which reads the rows as they are: a script to begin with (https://huggingface.co/docs/trl)."""

from __future__ import annotations

from collections.abc import Mapping

_SCRIPT = '''"""Train on the rows beside this folder: python train.py MODEL OUT [STEPS]   (pip install trl)"""

import sys
from pathlib import Path

import torch
from datasets import load_dataset
from trl import {trainer}Config, {trainer}Trainer

model, out, *steps = sys.argv[1:]
file = Path(__file__).resolve().parents[1] / "train.jsonl"
rows = load_dataset("json", data_files=str(file), split="train")
gpu = torch.cuda.is_available()
limit = int(steps[0]) if steps else -1

# None: no row is cut or dropped for its length. Where memory ends, name the most tokens that a row may have.
config = {trainer}Config(
    output_dir=out, max_length=None, max_steps=limit, use_cpu=not gpu, bf16=gpu{options}
)
trainer = {trainer}Trainer(model=model, args=config, train_dataset=rows)
trainer.train()
trainer.save_model(out)
'''
_README = """# Training with TRL

```sh
python train.py MODEL OUT
```

MODEL is a chat model of the hub, or its folder. The rows are TRL's own format ({type}): nothing is changed or left
out. {note}"""
_ASSISTANT = """Only what the agent says is trained on, which asks of the model's chat template that it marks it.
"""


def _files(trainer: str, type: str, options: str = "", note: str = "") -> Mapping[str, str]:
    script = _SCRIPT.format(trainer=trainer, options=options)
    return {"train.py": script, "README.md": _README.format(type=type, note=note)}


FORMATS = {
    "sft": (None, lambda: _files("SFT", "conversational language modelling", ", assistant_only_loss=True", _ASSISTANT)),
    "dpo": (None, lambda: _files("DPO", "conversational preference")),
    "kto": (None, lambda: _files("KTO", "conversational unpaired preference")),
    "reward": (None, lambda: _files("Reward", "conversational preference")),
}
