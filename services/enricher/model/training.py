"""Fine-tuning of the encoder on a processor: short texts, the lower layers frozen and computed once.

A text costs three layers forward and backward and, once, three layers forward; on two cores some 3,000 word pieces a
second are trained on. Two tasks at a time: whether the article is news of an attack (every text), and which of the four
kinds it is (where that is known).
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from tqdm import tqdm

from services.enricher.model.network import LAYERS, OUTPUTS, Drop, Parameters, answer, embed, layer

FROZEN = 3  # layers that stay as published, with the embeddings
LENGTHS = (32, 64, 96, 128, 160)  # to which texts are padded: each is compiled once
PIECES = LENGTHS[-1]
BATCH = 2048  # word pieces, padding included
RATE, HEAD_RATE = 1e-4, 1e-3
SMOOTHING = 0.05
WARM_UP = 0.1  # share of the steps

Array = np.ndarray[Any, Any]


class Text(NamedTuple):
    """Word pieces, whether it is news of an attack, its kind (an index, null where not known) and what each weighs."""

    pieces: Sequence[int]
    attack: bool
    kind: int | None
    attack_weight: float
    kind_weight: float


def lower(base: Parameters, texts: Sequence[Text], title: str) -> list[Array]:
    """What the frozen layers make of each text, [word pieces, H] in half precision."""

    def run(weights: Any, ids: Any, mask: Any) -> jax.Array:
        x = embed(weights, ids)
        for number in range(FROZEN):
            x = layer(weights, number, x, mask, Drop())
        return x.astype(jnp.float16)

    run, weights = jax.jit(run), {name: jnp.asarray(value) for name, value in base.items()}
    found: list[Array] = [np.zeros(0)] * len(texts)
    order = sorted(range(len(texts)), key=lambda one: len(texts[one].pieces))
    for length, batch in tqdm(list(_batches(texts, order)), title, disable=None):
        ids, mask = np.zeros((_height(length), length), np.int32), _mask(texts, batch, length)
        for row, one in enumerate(batch):
            ids[row, : len(texts[one].pieces)] = texts[one].pieces
        states = np.asarray(run(weights, ids, mask))
        for row, one in enumerate(batch):
            found[one] = states[row, : len(texts[one].pieces)]
    return found


def train(base: Parameters, texts: Sequence[Text], states: Sequence[Array], rounds: int, title: str) -> Parameters:
    """The trained upper layers and heads."""
    random = np.random.default_rng(7)
    weights = {name: value for name, value in base.items() if _is_trained(name)} | _heads(base)
    steps = rounds * sum(1 for _ in _batches(texts, range(len(texts))))
    rate = optax.warmup_cosine_decay_schedule(0, RATE, int(steps * WARM_UP), steps, RATE / 50)
    optimiser = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adamw(rate, weight_decay=0.01, mask={name: value.ndim > 1 for name, value in weights.items()}),
        optax.multi_transform(
            {"head": optax.scale(HEAD_RATE / RATE), "body": optax.identity()},
            {name: "head" if name.startswith("head.") else "body" for name in weights},
        ),
    )
    memory = optimiser.init(weights)

    def step(weights: Any, memory: Any, x: Array, mask: Array, wanted: Array, key: jax.Array) -> Any:
        loss, slope = jax.value_and_grad(_loss)(weights, x, mask, wanted, Drop(key))
        change, memory = optimiser.update(slope, memory, weights)
        return optax.apply_updates(weights, change), memory, loss

    step = jax.jit(step)
    key, losses = jax.random.PRNGKey(7), [0.0]
    with tqdm(total=steps, desc=title, disable=None) as bar:
        for _ in range(rounds):
            batches = list(_batches(texts, random.permutation(len(texts)).tolist()))
            for index in random.permutation(len(batches)):
                length, batch = batches[index]
                key, own = jax.random.split(key)
                x, mask = _states(states, batch, length), _mask(texts, batch, length)
                weights, memory, loss = step(weights, memory, x, mask, _wanted(texts, batch, length), own)
                losses.append(float(loss))
                bar.set_postfix(loss=f"{np.mean(losses[-40:]):.3f}", refresh=False)
                bar.update()
    return {name: np.asarray(value) for name, value in weights.items()}


def logits(weights: Parameters, texts: Sequence[Text], states: Sequence[Array]) -> Array:
    """What a trained encoder answers, [texts, OUTPUTS]."""
    run = jax.jit(lambda weights, x, mask: _upper(weights, x, mask, Drop()))
    found = np.zeros((len(texts), OUTPUTS), np.float32)
    for length, batch in _batches(texts, range(len(texts))):
        found[batch] = np.asarray(run(weights, _states(states, batch, length), _mask(texts, batch, length)))[
            : len(batch)
        ]
    return found


def _is_trained(name: str) -> bool:
    return any(name.startswith(f"encoder.layer.{number}.") for number in range(FROZEN, LAYERS))


def _heads(base: Parameters) -> dict[str, Array]:
    width = base["embeddings.word_embeddings.weight"].shape[1]
    zeros = {"query": (width,), "kernel": (2 * width, OUTPUTS), "bias": (OUTPUTS,)}
    return {f"head.{name}": np.zeros(shape, np.float32) for name, shape in zeros.items()}


def _upper(weights: Any, x: Any, mask: Any, drop: Drop) -> jax.Array:
    x = x.astype(jnp.float32)
    for number in range(FROZEN, LAYERS):
        x = layer(weights, number, x, mask, drop)
    return answer(weights, x, mask, drop)


def _loss(weights: Any, x: Any, mask: Any, wanted: Any, drop: Drop) -> jax.Array:
    attack, kind, attack_weight, kind_weight = wanted.T
    found = _upper(weights, x, mask, drop)
    of_attack = optax.sigmoid_binary_cross_entropy(found[:, 0], attack * (1 - 2 * SMOOTHING) + SMOOTHING)
    kinds = OUTPUTS - 1
    one_hot = jax.nn.one_hot(kind.astype(int), kinds) * (1 - SMOOTHING) + SMOOTHING / kinds
    of_kind = optax.softmax_cross_entropy(found[:, 1:], one_hot)
    return (of_attack * attack_weight + of_kind * kind_weight).sum() / (attack_weight.sum() + 1e-6)


def _batches(texts: Sequence[Text], order: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Padded length and indices of texts of about that length, `BATCH` word pieces of them."""
    waiting: dict[int, list[int]] = {}
    for one in order:
        length = next(length for length in LENGTHS if len(texts[one].pieces) <= length)
        waiting.setdefault(length, []).append(one)
        if len(waiting[length]) == _height(length):
            yield length, waiting.pop(length)
    yield from waiting.items()


def _height(length: int) -> int:
    return -(-BATCH // length)


def _mask(texts: Sequence[Text], batch: Sequence[int], length: int) -> Array:
    mask = np.zeros((_height(length), length), np.float32)
    mask[:, 0] = 1  # rows that are only padding must not divide by 0
    for row, one in enumerate(batch):
        mask[row, : len(texts[one].pieces)] = 1
    return mask


def _states(states: Sequence[Array], batch: Sequence[int], length: int) -> Array:
    x = np.zeros((_height(length), length, states[batch[0]].shape[1]), np.float16)
    for row, one in enumerate(batch):
        x[row, : len(states[one])] = states[one]
    return x


def _wanted(texts: Sequence[Text], batch: Sequence[int], length: int) -> Array:
    wanted = np.zeros((_height(length), 4), np.float32)
    for row, one in enumerate(batch):
        text = texts[one]
        wanted[row] = text.attack, text.kind or 0, text.attack_weight, text.kind_weight
    return wanted
