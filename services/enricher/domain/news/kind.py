"""What an article is to a security desk: attack_report, follow_up, background or other, read off its text alone.

Three small logistic regressions, one after the other: is it news of an attack; if so, of one already known; if not,
does it speak of attacks at all. They weigh which classes of the trigger lexicon's words stand where (`features.py`)
and, in English, what an encoder made of the text (`reading.py`). The weights are fitted
(`services/enricher/model/fit.py`).
"""

from collections.abc import Mapping, Sequence
from math import exp
from typing import NamedTuple

from services.enricher.domain.news import cues, gate
from services.enricher.domain.news.features import BODY, HEAD, Classes, classes, features, tells_attack
from services.enricher.domain.news.reading import ENCODED, Answer, Encode, Piece, Reading, encoded, reading
from services.enricher.domain.text import language
from services.enricher.domain.text.article import Document, Sentence
from shared.codes import ArticleKind

NEWS = 0.5  # from this score on it is news, by cues alone
NEWS_READ = 0.4  # ... and where it was read: to a desk a miss costs half as much again as a false alarm
SPEAKS = frozenset({"certain", "harm", "deed", "violence"})
NOTHING: tuple[Classes, ...] = (frozenset(),)  # the body of a bare headline
DENIED = 0.3  # highest score of an article that says outright what it tells of: a drill, an execution, a gas leak


class Stage(NamedTuple):
    """One logistic regression: probability = logistic(bias + sum of weight x feature)."""

    bias: float
    weights: Mapping[str, float]

    def probability(self, values: Mapping[str, float]) -> float:
        total = self.bias + sum(self.weights.get(name, 0.0) * value for name, value in values.items())
        return 1 / (1 + exp(-max(-30.0, min(30.0, total))))


class Stages(NamedTuple):
    """attack: news of an attack; follow_up: of a known one; background: attacks are mentioned though it is no news."""

    attack: Stage
    follow_up: Stage
    background: Stage


class Model(NamedTuple):
    """`rules` weigh cues alone; where there is an encoder for the language, `fused` weigh cues and its answers."""

    rules: Stages
    fused: Stages | None = None
    encode: Encode | None = None


class Verdict(NamedTuple):
    """`score`: probability of attack_report or follow_up; `deciding`: the sentence that says most for the kind."""

    kind: ArticleKind
    score: float
    reason: str | None
    deciding: Sentence | None
    in_title: bool
    telling: tuple[int, ...]  # indices of the sentences that tell of an attack
    cues: tuple[Classes, ...]  # of each sentence
    pieces: tuple[Piece, ...] = ()  # what the encoder made of the text, word piece by word piece; not of kind other


class _Seen(NamedTuple):
    """Features, the probability of news of an attack, and the encoder's answer where it was asked."""

    values: Mapping[str, float]
    score: float
    answer: Answer | None


def judge(document: Document, model: Model) -> Verdict:
    """The kind of an article; `reason` is gate or language where it was not looked at closely."""
    if document.language not in language.languages():
        return _other("language")
    if not gate.passes(document.title, document.text, document.language):
        return _other("gate")
    matcher = cues.matcher(document.language)
    title = classes(document.headline, matcher)
    body = classes(document.sentences, matcher)
    read = reading(document, body)
    seen = _see(document, title, body, read, model)
    if _unsaid(title, body):  # a page's furniture around a headline
        seen = max(seen, _see(document, title, NOTHING, Reading("", ()), model), key=lambda one: one.score)
    values, score, answer = seen
    stages, news = (model.fused, NEWS_READ) if model.fused and answer else (model.rules, NEWS)
    if score > news:
        stage, yes, no = stages.follow_up, ArticleKind.FOLLOW_UP, ArticleKind.ATTACK_REPORT
    else:
        stage, yes, no = stages.background, ArticleKind.BACKGROUND, ArticleKind.OTHER
    kind = yes if stage.probability(values) > 0.5 else no
    deciding, in_title = _deciding(document, title, body, stage, 1 if kind is yes else -1)
    telling = tuple(index for index, found in enumerate(body) if tells_attack(found))
    pieces = read.in_document(answer.marks()) if answer and kind is not ArticleKind.OTHER else []
    return Verdict(kind, round(score, 4), None, deciding, in_title, telling, tuple(body), tuple(pieces))


def _see(document: Document, title: Sequence[Classes], body: Sequence[Classes], read: Reading, model: Model) -> _Seen:
    values, stages, answer = features(document, title, body), model.rules, None
    if model.fused and model.encode and document.language == ENCODED:
        stages, answer = model.fused, model.encode(document.title, read.text)
        values = {**values, **encoded(answer.logits)}
    score = stages.attack.probability(values)
    if any("no_attack" in found for found in [*title, *body[:HEAD]]):
        score = min(score, DENIED)
    return _Seen(values, score, answer)


def _unsaid(title: Sequence[Classes], body: Sequence[Classes]) -> bool:
    """Whether the title tells of an attack and not a sentence below it speaks of any."""
    return any(map(tells_attack, title)) and all(found.isdisjoint(SPEAKS) for found in body)


def _other(reason: str) -> Verdict:
    return Verdict(ArticleKind.OTHER, 0.0, reason, None, False, (), ())


def _deciding(
    document: Document, title: Sequence[Classes], body: Sequence[Classes], stage: Stage, sign: int
) -> tuple[Sentence | None, bool]:
    """The sentence whose cues weigh most for the kind, the earlier the better; the title counts as the first."""
    ranked = [
        (sign * sum(stage.weights.get(f"head:{name}", 0.0) for name in found) + 2.0 * tells_attack(found) - place / 10)
        for place, found in enumerate([*title, *body[:BODY]])
    ]
    if not ranked:
        return None, False
    best = max(range(len(ranked)), key=lambda index: ranked[index])
    in_title = best < len(title)
    return (document.headline[best] if in_title else document.sentences[best - len(title)]), in_title
