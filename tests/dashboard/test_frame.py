from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard import frame

NAMES = sorted(page.stem for page in (Path(__file__).resolve().parents[2] / "pages").glob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_told_where_its_server_is_before_anything_runs(name: str) -> None:
    answer = TestClient(Starlette(routes=frame.ROUTES)).get(f"/{name}")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.index("BACKEND_BASE_URL") < answer.text.index('type="module"')
