"""Fine-tuning of the encoder on a processor: short texts, the lower layers frozen and computed once.

A text costs three layers forward and backward and, once, three layers forward; on two cores some 3,000 word pieces a
second are trained on. Three tasks at a time: whether the article is news of an attack (every text), which of the four
kinds it is (where that is known), and which word pieces name who did it, to whom or what, with what (where texts have
been marked).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from tqdm import tqdm

from services.enricher.model.network import FROZEN, LAYERS, OUTPUTS, TAGS, Drop, Parameters, answer, embed, layer, tags

LENGTHS = (32, 64, 96, 128, 160, 192, 224, 256)  # to which texts are padded: each is compiled once
PIECES = LENGTHS[-1]
BATCH = 2048  # word pieces, padding included
RATE, HEAD_RATE = 1e-4, 1e-3
SMOOTHING = 0.05
WARM_UP = 0.1  # share of the steps
IN_SLOT = 2.0  # what a word piece in a slot counts for: few are

Array = np.ndarray[Any, Any]


class Text(NamedTuple):
    """Word pieces, whether it is news of an attack, its kind (an index, null where not known) and what each weighs;
    the tag of each word piece (empty where the text has not been marked)."""

    pieces: Sequence[int]
    attack: bool
    kind: int | None
    attack_weight: float
    kind_weight: float
    tags: Sequence[int] = ()


def lower(base: Parameters, texts: Sequence[Text], title: str) -> list[Array]:
    """What the frozen layers make of each text, [word pieces, H] in half precision."""

    def run(weights: Any, ids: Any, mask: Any) -> jax.Array:
        x = embed(weights, ids)
        for number in range(FROZEN):
            x = layer(weights, f"encoder.layer.{number}.", x, mask, Drop())
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


def train_kind(base: Parameters, texts: Sequence[Text], states: Sequence[Array], rounds: int, title: str) -> Parameters:
    """The upper layers and heads that tell whether a text is news of an attack, and its kind."""
    width = base["embeddings.word_embeddings.weight"].shape[1]
    heads = {"head.query": (width,), "head.kernel": (2 * width, OUTPUTS), "head.bias": (OUTPUTS,)}
    return _trained(base, "encoder.", heads, _Task(_kind_loss, _wanted, RATE), texts, states, rounds, title)


def train_roles(
    base: Parameters, texts: Sequence[Text], states: Sequence[Array], rounds: int, title: str
) -> Parameters:
    """Upper layers of their own, and the head that tells the slot of each word piece of marked texts."""
    width = base["embeddings.word_embeddings.weight"].shape[1]
    heads = {"tags.kernel": (width, TAGS), "tags.bias": (TAGS,)}
    return _trained(base, "roles.", heads, _Task(_roles_loss, _tags, 2 * RATE), texts, states, rounds, title)


class _Task(NamedTuple):
    """What is to be made small, what is wanted of a batch, and how fast to learn at most."""

    loss: Callable[..., jax.Array]
    wanted: Callable[[Sequence[Text], Sequence[int], int], Array]
    rate: float


def _trained(
    base: Parameters,
    branch: str,
    heads: Mapping[str, tuple[int, ...]],
    task: _Task,
    texts: Sequence[Text],
    states: Sequence[Array],
    rounds: int,
    title: str,
) -> Parameters:
    random = np.random.default_rng(7)
    weights = {branch + name.removeprefix("encoder."): value for name, value in base.items() if _is_upper(name)}
    weights |= {name: np.zeros(shape, np.float32) for name, shape in heads.items()}
    steps = rounds * sum(1 for _ in _batches(texts, range(len(texts))))
    rate = optax.warmup_cosine_decay_schedule(0, task.rate, int(steps * WARM_UP), steps, task.rate / 50)
    optimiser = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adamw(rate, weight_decay=0.01, mask={name: value.ndim > 1 for name, value in weights.items()}),
        optax.multi_transform(
            {"head": optax.scale(HEAD_RATE / RATE), "body": optax.identity()},
            {name: "head" if name in heads else "body" for name in weights},
        ),
    )
    memory = optimiser.init(weights)

    def step(weights: Any, memory: Any, x: Array, mask: Array, wanted: Array, key: jax.Array) -> Any:
        loss, slope = jax.value_and_grad(task.loss)(weights, x, mask, wanted, Drop(key))
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
                weights, memory, loss = step(weights, memory, x, mask, task.wanted(texts, batch, length), own)
                losses.append(float(loss))
                bar.set_postfix(loss=f"{np.mean(losses[-40:]):.3f}", refresh=False)
                bar.update()
    return {name: np.asarray(value) for name, value in weights.items()}


def logits(weights: Parameters, texts: Sequence[Text], states: Sequence[Array]) -> Array:
    """What a trained encoder answers, [texts, OUTPUTS]."""
    run = jax.jit(lambda weights, x, mask: answer(weights, _upper(weights, "encoder.", x, mask, Drop()), mask, Drop()))
    found = np.zeros((len(texts), OUTPUTS), np.float32)
    for length, batch in _batches(texts, range(len(texts))):
        found[batch] = np.asarray(run(weights, _states(states, batch, length), _mask(texts, batch, length)))[
            : len(batch)
        ]
    return found


def untrained_roles(base: Parameters) -> Parameters:
    """What marks nothing, where no text has been marked to learn from."""
    width = base["embeddings.word_embeddings.weight"].shape[1]
    layers = {"roles." + name.removeprefix("encoder."): value for name, value in base.items() if _is_upper(name)}
    return {
        **layers,
        "tags.kernel": np.zeros((width, TAGS), np.float32),
        "tags.bias": np.eye(TAGS, dtype=np.float32)[0],
    }


def tag_odds(weights: Parameters, texts: Sequence[Text], states: Sequence[Array]) -> list[Array]:
    """What a trained encoder says of each text's word pieces: the probability of each tag, [word pieces, TAGS]."""
    run = jax.jit(
        lambda weights, x, mask: jax.nn.softmax(tags(weights, _upper(weights, "roles.", x, mask, Drop()), Drop()))
    )
    found: list[Array] = [np.zeros(0)] * len(texts)
    for length, batch in _batches(texts, range(len(texts))):
        odds = np.asarray(run(weights, _states(states, batch, length), _mask(texts, batch, length)))
        for row, one in enumerate(batch):
            found[one] = odds[row, : len(texts[one].pieces)]
    return found


def _is_upper(name: str) -> bool:
    return any(name.startswith(f"encoder.layer.{number}.") for number in range(FROZEN, LAYERS))


def _upper(weights: Any, branch: str, x: Any, mask: Any, drop: Drop) -> jax.Array:
    x = x.astype(jnp.float32)
    for number in range(FROZEN, LAYERS):
        x = layer(weights, f"{branch}layer.{number}.", x, mask, drop)
    return x


def _kind_loss(weights: Any, x: Any, mask: Any, wanted: Any, drop: Drop) -> jax.Array:
    attack, kind, attack_weight, kind_weight = wanted.T
    found = answer(weights, _upper(weights, "encoder.", x, mask, drop), mask, drop)
    of_attack = optax.sigmoid_binary_cross_entropy(found[:, 0], attack * (1 - 2 * SMOOTHING) + SMOOTHING)
    kinds = OUTPUTS - 1
    one_hot = jax.nn.one_hot(kind.astype(int), kinds) * (1 - SMOOTHING) + SMOOTHING / kinds
    of_kind = optax.softmax_cross_entropy(found[:, 1:], one_hot)
    return (of_attack * attack_weight + of_kind * kind_weight).sum() / (attack_weight.sum() + 1e-6)


def _roles_loss(weights: Any, x: Any, mask: Any, wanted: Any, drop: Drop) -> jax.Array:
    found = tags(weights, _upper(weights, "roles.", x, mask, drop), drop)
    weight = jnp.where(wanted > 0, IN_SLOT, 1.0) * (wanted >= 0)
    lost = optax.softmax_cross_entropy_with_integer_labels(found, jnp.maximum(wanted, 0))
    return (lost * weight).sum() / ((wanted >= 0).sum() + 1)


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


def _tags(texts: Sequence[Text], batch: Sequence[int], length: int) -> Array:
    """The tags of word pieces, [B, T]; -1 where none are known."""
    found = np.full((_height(length), length), -1, np.int32)
    for row, one in enumerate(batch):
        found[row, : len(texts[one].tags)] = texts[one].tags
    return found


def _wanted(texts: Sequence[Text], batch: Sequence[int], length: int) -> Array:
    wanted = np.zeros((_height(length), 4), np.float32)
    for row, one in enumerate(batch):
        text = texts[one]
        wanted[row] = text.attack, text.kind or 0, text.attack_weight, text.kind_weight
    return wanted
