from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from core.similarity.embedder import LONGEST, default_embedder


def test_vectors_have_length_one_and_the_dimension_that_the_name_says() -> None:
    embedder = default_embedder()
    vectors = embedder.embed(["a customer wants a refund", "the parcel is late"])
    assert vectors.dtype == np.float32
    assert vectors.shape == (2, 256)
    assert embedder.name.endswith("256")
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


def test_nothing_said_is_a_zero_and_never_not_a_number() -> None:
    vectors = default_embedder().embed(["", "   ", "\ud800", "\x00"])
    assert np.isfinite(vectors).all()
    assert not vectors[0].any()
    assert default_embedder().embed([]).shape == (0, 256)


def test_a_text_means_the_same_alone_in_a_batch_and_in_many_threads() -> None:
    texts = [f"order {number} has not arrived " * (number % 7 + 1) for number in range(200)]
    together = default_embedder().embed(texts)
    with ThreadPoolExecutor(8) as pool:
        alone = list(pool.map(lambda text: default_embedder().embed([text])[0], texts))
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_the_end_of_a_very_long_text_is_not_read() -> None:
    text = "refund " * 2_000
    first, second = default_embedder().embed([text, text[:LONGEST] + "something else altogether " * 1000])
    np.testing.assert_array_equal(first, second)
