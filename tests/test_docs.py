"""The documentation says what there is: each setting, command, route, page, format and file it names."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from core.ingest.accept import ImportOptions, import_document
from core.ingest.formats import FORMATS
from core.record_lines import TYPES
from core.settings import Settings
from core.store.engine import Store
from dashboard import comments_api, dataset_api, http_api, review_api, signals_api
from dashboard.cli import app
from dashboard.process import close_all

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = (ROOT / "docs" / "run.md").read_text()
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("setting", [field.alias for field in Settings.model_fields.values()])
def test_each_setting(setting: str) -> None:
    assert f"`{setting}`" in RUN


@pytest.mark.parametrize("command", sorted(get_command(app).commands))
def test_each_command(command: str) -> None:
    assert f"`loopwright {command}" in RUN


ROUTES = [
    *http_api.ROUTES,
    *review_api.ROUTES,
    *comments_api.ROUTES,
    *dataset_api.ROUTES,
    *signals_api.ROUTES,
]


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
def test_each_route(path: str) -> None:
    assert re.sub(r":\w+}", "}", path) in RUN


@pytest.mark.parametrize("page", sorted(path.stem for path in (ROOT / "pages").glob("*.py")))
def test_each_page(page: str) -> None:
    assert f"**{page.capitalize()}**" in README or f"({'docs/screens/' + page + '.png'})" in README


@pytest.mark.parametrize("name", list(FORMATS))
def test_each_format(name: str) -> None:
    assert f"| `{name}` |" in (ROOT / "docs" / "formats.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_what_is_linked_is_there(page: Path) -> None:
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()) if not target.startswith("http")]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_example_of_our_own_format_arrives_whole(store: Store) -> None:
    example = re.search(r"```jsonl\n(.*?)```", (ROOT / "docs" / "formats.md").read_text(), re.DOTALL)
    assert example is not None
    report = import_document(store, "example.jsonl", example[1].encode(), ImportOptions())
    assert report.rejected == []
    assert {json.loads(line)["type"] for line in example[1].splitlines()} == set(TYPES)


def test_the_commands_for_two_runs_do_what_is_said(
    real_data: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = re.search(r"mini-swe-agent over.*?```sh\n(.*?)```", (ROOT / "docs" / "formats.md").read_text(), re.DOTALL)
    assert block is not None
    monkeypatch.chdir(real_data / "mini-swe-agent")
    said = [CliRunner().invoke(app, line.removeprefix("loopwright ").split()) for line in block[1].splitlines()]
    close_all()
    assert [result.exit_code for result in said] == [0, 0]
    imported, compared = (result.stdout.splitlines() for result in said)
    assert imported == ["46 traces, 7,712 steps, 46 signals, 64 results; 2 rejected (see above)"]
    assert compared[2:] == ["broken: swe-bench/sqlfluff__sqlfluff-1733", "fixed: swe-bench/pylint-dev__astroid-1333"]
