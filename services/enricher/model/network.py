"""The encoder in JAX: a BERT of six layers (MiniLM) with heads on what it makes of a text. Only training uses it.

The upper half stands twice on the lower: once to tell the kind (`encoder.`), once to tell the roles (`roles.`).

Parameters are a flat mapping of the published weights' names (`encoder.layer.3.output.dense.weight`, ...) to arrays,
the heads' beside them (`head.query`, `head.kernel`, `head.bias`; `tags.kernel`, `tags.bias`). Arrays: B texts x T word
pieces x H = 384 features.
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from services.enricher.domain.news.reading import SLOTS

Parameters = Mapping[str, Any]
LAYERS, ATTENTION_HEADS = 6, 12
FROZEN = 3  # layers that stay as published, with the embeddings
EPSILON = 1e-12
OUTPUTS = 5  # logits: attack; attack_report, follow_up, background, other
TAGS = len(SLOTS) * 2 + 1  # logits of a word piece: in no slot; first of a slot, further in it


def embed(weights: Parameters, ids: jax.Array) -> jax.Array:
    """[B, T] ids of word pieces to their embeddings, [B, T, H]."""
    name = "embeddings."
    found = weights[f"{name}word_embeddings.weight"][ids]
    found += weights[f"{name}position_embeddings.weight"][: ids.shape[1]]
    found += weights[f"{name}token_type_embeddings.weight"][0]
    return _normed(weights, f"{name}LayerNorm", found)


def layer(weights: Parameters, name: str, x: jax.Array, mask: jax.Array, drop: "Drop") -> jax.Array:
    """The transformer layer of a name; `mask` is [B, T], 1 where a word piece stands and 0 where it was padded."""
    batch, length, width = x.shape

    def heads(part: str) -> jax.Array:
        return _dense(weights, f"{name}attention.self.{part}", x).reshape(batch, length, ATTENTION_HEADS, -1)

    query, key, value = heads("query"), heads("key"), heads("value")
    scores = jnp.einsum("bqhd,bkhd->bhqk", query, key) / jnp.sqrt(width / ATTENTION_HEADS)
    scores = jax.nn.softmax(scores + (mask[:, None, None, :] - 1) * 1e9)
    seen = jnp.einsum("bhqk,bkhd->bqhd", scores, value).reshape(batch, length, width)
    seen = drop(_dense(weights, f"{name}attention.output.dense", seen))
    x = _normed(weights, f"{name}attention.output.LayerNorm", x + seen)
    inner = jax.nn.gelu(_dense(weights, f"{name}intermediate.dense", x), approximate=False)
    return _normed(weights, f"{name}output.LayerNorm", x + drop(_dense(weights, f"{name}output.dense", inner)))


def answer(weights: Parameters, x: jax.Array, mask: jax.Array, drop: "Drop") -> jax.Array:
    """[B, T, H] features of word pieces to [B, OUTPUTS] logits, by their mean and what a learned query picks."""
    mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    picked = jax.nn.softmax(x @ weights["head.query"] + (mask - 1) * 1e9)
    pooled = jnp.concatenate([mean, (x * picked[..., None]).sum(1)], 1)
    return drop(pooled) @ weights["head.kernel"] + weights["head.bias"]


def tags(weights: Parameters, x: jax.Array, drop: "Drop") -> jax.Array:
    """[B, T, H] features of word pieces to [B, T, TAGS] logits of what each is of."""
    return drop(x) @ weights["tags.kernel"] + weights["tags.bias"]


class Drop:
    """Dropout at a rate; without a key it lets everything pass."""

    def __init__(self, key: jax.Array | None = None, rate: float = 0.1) -> None:
        self._key, self._rate, self._calls = key, rate, 0

    def __call__(self, x: jax.Array) -> jax.Array:
        if self._key is None:
            return x
        self._calls += 1
        keep = jax.random.bernoulli(jax.random.fold_in(self._key, self._calls), 1 - self._rate, x.shape)
        return jnp.where(keep, x / (1 - self._rate), 0.0)


def _dense(weights: Parameters, name: str, x: jax.Array) -> jax.Array:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _normed(weights: Parameters, name: str, x: jax.Array) -> jax.Array:
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(variance + EPSILON) * weights[f"{name}.weight"] + weights[f"{name}.bias"]
