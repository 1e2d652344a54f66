"""Train on real exports: what `make trains` runs, with the trainers' own interpreter as its argument.

Real runs and pairs are imported and exported by the command line, as a person would; TRL then takes three steps on each
export (a tiny random model, offline). Prints one line a training, and ends with 1 when one of them failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

LOOPWRIGHT = Path(sys.executable).with_name("loopwright")
SEEDED = Path(__file__).resolve().parents[2] / "seed_data" / "world.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Training:
    """One export of one source (a path in the real data, or of its own), and how it is trained on.

    `recipe`: with the script that goes along with it for TRL, too.
    """

    source: str | Path
    format: str
    options: tuple[str, ...] = ()
    recipe: bool = False


TRAININGS = (
    Training("tau-bench", "sft", ("--max-length", "4096")),
    Training("tau-bench", "sft", ("--max-length", "4096", "--assistant-only")),
    Training("tau-bench", "kto", ("--max-length", "4096")),
    Training("pandalm/testset-v1.json", "dpo"),
    Training("pandalm/testset-v1.json", "kto", ("--max-length", "4096")),
    Training("pandalm/testset-v1.json", "reward", ("--max-length", "4096")),
    # Corrections and recorded tool schemas, which the real data lacks; its prompts are longer for them.
    Training(SEEDED, "sft", ("--max-length", "8192", "--assistant-only"), recipe=True),
    Training(SEEDED, "dpo", ("--max-length", "8192"), recipe=True),
    Training(SEEDED, "kto", ("--max-length", "8192"), recipe=True),
    Training(SEEDED, "reward", ("--max-length", "8192"), recipe=True),
)


def main() -> int:
    """Import, export and train; how many trainings failed."""
    named = os.environ.get("LOOPWRIGHT_REAL_DATA", "")
    if not named:
        print("skipped: trains on real data; set LOOPWRIGHT_REAL_DATA to its folder")
        return 0
    data = Path(named).resolve()
    if not data.is_dir():
        print(f"LOOPWRIGHT_REAL_DATA is {named}, and no such folder exists", file=sys.stderr)
        return 1
    smoke = Path(os.environ.get("LOOPWRIGHT_TRAIN_SMOKE", data.parent / "tools" / "train_smoke.py"))
    if not smoke.is_file():
        print(f"skipped: there is no {smoke}; set LOOPWRIGHT_TRAIN_SMOKE to the script that trains")
        return 0
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, source in enumerate(dict.fromkeys(training.source for training in TRAININGS)):
            home = Path(folder) / str(number)
            loopwright(home, "import", str(data / source))
            mine = [training for training in TRAININGS if training.source == source]
            failed += sum(not train(Path(sys.argv[1]), smoke, home, training) for training in mine)
    return failed


def loopwright(home: Path, *words: str) -> None:
    """Run a command of Loopwright on a data folder below `home`; what it says is shown."""
    subprocess.run([LOOPWRIGHT, *words], check=True, env=os.environ | {"LOOPWRIGHT_DATA_DIR": str(home / "data")})


def train(python: Path, smoke: Path, home: Path, training: Training) -> bool:
    """Export and train; whether the trainer was content."""
    out = home / training.format
    loopwright(home, "export", training.format, "--out", str(out), "--recipe", "trl")
    command = [python, smoke, out / "train.jsonl", training.format, *training.options]
    print("training on", Path(training.source).name, training.format, *training.options, flush=True)
    done = subprocess.run(command, capture_output=True, text=True)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("OK", "FAIL"))]
    print("\n".join(said) or done.stderr, flush=True)
    return done.returncode == 0 and (not training.recipe or follow(python, out, home))


def follow(python: Path, out: Path, home: Path) -> bool:
    """Train with the recipe that goes along with an export; whether a trained model came of it."""
    model, trained = home / f"{out.name}-model", home / f"{out.name}-trained"
    tiny = Path(__file__).with_name("tiny_model.py")
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
    for command in (
        [python, tiny, out / "train.jsonl", model],
        [python, out / "trl" / "train.py", model, trained, "2"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | offline)
        if done.returncode:
            print(f"FAIL trl/train.py {out.name}:", done.stderr[-2000:], flush=True)
            return False
    print(
        f"OK trl/train.py {out.name}:",
        ", ".join(sorted(path.name for path in trained.glob("*.safetensors"))),
        flush=True,
    )
    return True


if __name__ == "__main__":
    sys.exit(main())
