"""A dataset version is downloaded as one zip, by leads only."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.dataset.definition import define
from core.dataset.versions import make_version
from core.records import Role
from core.store.people import person_id
from core.store.tables import DatasetPartRow
from dashboard import dataset_api, http_api
from dashboard.process import close_all, store
from tests.core.dataset.world import files, keep, said

ROUTES = [*dataset_api.ROUTES, *http_api.ROUTES]


@pytest.fixture
def api(data_dir: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("LOOPWRIGHT_DATABASE_URL", database_url)
    with store().session() as session:
        keep(session, said("good", "Is the red lamp in stock?", 1))
        person_id(session, "ada", Role.ANNOTATOR, active=True)
    yield TestClient(Starlette(routes=ROUTES), base_url="http://127.0.0.1", follow_redirects=False)
    close_all()


def test_a_lead_downloads_a_version_and_others_do_not(api: TestClient) -> None:
    made = make_version(store(), define("sft"), "shop")
    api.get("/who/1")
    answer = api.get("/api/datasets/shop/1.zip")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="shop-1.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        found = {name.removeprefix("shop-1/"): archive.read(name) for name in archive.namelist()}
    assert found == files(store(), made)
    missing = api.get("/api/datasets/shop/2.zip")
    assert (missing.status_code, missing.json()["error"]["message"]) == (
        404,
        "There is no version 2 of a dataset shop.",
    )
    with store().session() as session:
        session.execute(delete(DatasetPartRow))
    gone = api.get("/api/datasets/shop/1.zip")
    assert gone.status_code == 404
    assert "are not here" in gone.json()["error"]["message"]
    api.get("/who/2")
    refused = api.get("/api/datasets/shop/1.zip")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_permitted")
