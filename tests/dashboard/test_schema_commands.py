from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from core.records import LabelSchema
from core.review.ready_made import PROCESS_REWARD
from core.review.schema_checks import DESK_KEYS
from core.review.schema_yaml import schema_from_yaml, write_yaml
from dashboard import process
from dashboard.cli import app

DOC = (Path(__file__).resolve().parents[2] / "docs" / "schemas.md").read_text()


@pytest.fixture(autouse=True)
def closed(data_dir: Path) -> Iterator[None]:
    yield
    process.close_all()


def call(*words: object) -> Result:
    return CliRunner().invoke(app, ["schema", *map(str, words)])


def documented() -> LabelSchema:
    found = re.search(r"```yaml\n(.*?)```", DOC, re.DOTALL)
    assert found is not None
    return schema_from_yaml(found[1])


def test_a_schema_goes_in_and_comes_out_as_it_was(tmp_path: Path) -> None:
    file, back = tmp_path / "tone.yaml", tmp_path / "back.yaml"
    file.write_text(write_yaml(documented()))
    said = call("import", file, "--json")
    assert json.loads(said.stdout) == {"key": "tone", "version": 1, "questions": 3, "new": True}
    assert call("import", file).stdout == "tone: 3 questions, it is stored already\n"
    assert call("export", "tone", "--out", back).exit_code == 0
    assert back.read_bytes() == file.read_bytes()
    assert call("export", "tone").stdout == file.read_text()
    assert call("list").stdout == "tone 1: Tone, 0 answers\n"


def test_a_ready_made_one_is_exported_before_it_is_used() -> None:
    assert schema_from_yaml(call("export", "process-reward").stdout) == PROCESS_REWARD


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("import", "none.yaml"), "There is no file none.yaml."),
        (("export", "none"), "There is no label schema none. See loopwright schema list."),
        (("export",), "loopwright schema export needs the key of a schema."),
        (("print",), "There is no print. Write export, import or list."),
        (("export", "trail", "--out", "nowhere/x.yaml"), "There is no folder nowhere. Make it first."),
    ],
)
def test_what_cannot_be_done_is_said(words: tuple[str, ...], says: str) -> None:
    done = call(*words)
    assert (done.exit_code, done.stdout, done.stderr.strip()) == (1, "", says)


def test_a_bad_file_is_refused_by_line(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(write_yaml(documented()).replace("kind: scale", "kind: scales"))
    done = call("import", file)
    assert done.exit_code == 1
    assert done.stderr.startswith("Line 28, question length, kind: There is no kind scales.")
    assert call("list").stdout == "No label schema is stored yet.\n"


def test_the_documentation_names_every_key_of_the_desk() -> None:
    assert f"({' '.join(sorted(DESK_KEYS)).upper()})" in DOC
