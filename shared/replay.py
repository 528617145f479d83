"""Runs messages again: dead letters, after their cause was mended, or all of a topic between two times."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime

from shared.broker import Broker, BrokerError, KafkaBroker, Partition, Producer, Record
from shared.contracts import DEAD_LETTERS, TOPICS, DeadLetter
from shared.envelope import RETRY
from shared.settings import RuntimeSettings, load

EXAMPLES = """examples
  See what died in link, and why, and change nothing:
    python -m shared.replay dead --stage link --dry-run
  Put those back that died of one cause, once it is mended:
    python -m shared.replay dead --stage link --reason "unknown country"
  Run an afternoon through link once more, beside the live consumer (its inbox and its offsets stay as they are):
    python -m shared.replay range --topic articles.enriched --stage link --epoch 2 \\
        --since 2024-03-22T12:00Z --until 2024-03-22T18:00Z -- python -m services.enricher link

Where: KAFKA_BOOTSTRAP_SERVERS and TOPIC_PREFIX, as for every service. Times are record times (wall time)."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    settings = load(RuntimeSettings)
    broker = KafkaBroker(settings.kafka_bootstrap_servers, settings.topic_prefix)
    try:
        return _dead(broker, options) if options.job == "dead" else _range(broker, options)
    except BrokerError as error:
        sys.stderr.write(f"shared.replay: {error}\n")
        return 1


def letters(broker: Broker, stage: str, reason: str = "", since: datetime | None = None) -> Iterator[DeadLetter]:
    """Dead letters of a stage whose reason contains `reason`; one for each message, however often it died."""
    seen = set()
    for record in broker.read(DEAD_LETTERS.name, since):
        letter = DeadLetter.model_validate_json(record.value)
        if (
            letter.stage == stage
            and reason in letter.reason
            and (key := (letter.topic, _message_id(letter))) not in seen
        ):
            seen.add(key)
            yield letter


def put_back(producer: Producer, letter: DeadLetter) -> None:
    """Send a dead message to its topic again, marked, so that the inbox lets it in once more.

    Other stages that read the topic have had it and drop it as a duplicate; so does this one if it was handled by now.
    Doing it twice does no harm.
    """
    headers = {**letter.headers, "ce_id": _message_id(letter), RETRY: letter.died_at.isoformat()}
    producer.send([Record(letter.topic, letter.key, letter.value, headers)])


def begin_range(broker: Broker, topic: str, stage: str, epoch: int, since: datetime) -> Mapping[Partition, int]:
    """Let epoch `epoch` of a stage start at `since`; returns the offsets."""
    return broker.rewind(f"{stage}@{epoch}", topic, since)


def _dead(broker: Broker, options: argparse.Namespace) -> int:
    count = 0
    with closing(broker.producer()) as producer:
        for letter in letters(broker, options.stage, options.reason, options.since):
            where = f"{letter.topic}/{letter.partition}/{letter.offset}"
            sys.stdout.write(f"{letter.died_at:%Y-%m-%d %H:%M:%S}  {_message_id(letter)}  {where}  {letter.reason}\n")
            if not options.dry_run:
                put_back(producer, letter)
            count += 1
    sys.stdout.write(f"{count} dead letters {'found' if options.dry_run else 'put back'}\n")
    return 0


def _range(broker: Broker, options: argparse.Namespace) -> int:
    starts = begin_range(broker, options.topic, options.stage, options.epoch, options.since)
    told = ", ".join(f"{partition.number} from {offset}" for partition, offset in sorted(starts.items()))
    sys.stdout.write(f"{options.stage}@{options.epoch} reads {options.topic}: partition {told}\n")
    ours = {"CONSUMER_EPOCH": str(options.epoch), "CONSUME_UNTIL": options.until.isoformat()}
    if not options.command:
        settings = " ".join(f"{name}={value}" for name, value in ours.items())
        sys.stdout.write(f"now start the stage, in as many processes as you like, with {settings}\n")
        return 0
    sys.stdout.flush()
    return subprocess.run(options.command, env={**os.environ, **ours}).returncode


def _message_id(letter: DeadLetter) -> str:
    return letter.message_id or f"{letter.topic}/{letter.partition}/{letter.offset}"


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "python -m shared.replay", description=__doc__, epilog=EXAMPLES, formatter_class=raw
    )
    jobs = parser.add_subparsers(dest="job", required=True)

    dead = jobs.add_parser("dead", help="put dead letters back on the topic that they came from")
    dead.add_argument("--stage", required=True, help="the stage that they died in: parser, extract, link, alerting")
    dead.add_argument("--reason", default="", metavar="TEXT", help="only those whose reason contains TEXT")
    dead.add_argument("--since", type=_time, metavar="TIME", help="only those that died at or after TIME")
    dead.add_argument("--dry-run", action="store_true", help="list them and change nothing")

    span = jobs.add_parser(
        "range",
        help="run what a topic got between two times through a stage again",
        epilog=EXAMPLES,
        formatter_class=raw,
    )
    span.add_argument(
        "--topic", required=True, choices=[topic.name for topic in TOPICS], metavar="TOPIC", help="what is read"
    )
    span.add_argument("--stage", required=True, help="the stage that reads TOPIC")
    span.add_argument("--epoch", required=True, type=_epoch, metavar="N", help="1 or more, and not used before")
    span.add_argument("--since", required=True, type=_time, metavar="TIME", help="from here")
    span.add_argument("--until", required=True, type=_time, metavar="TIME", help="to here, not included")
    span.add_argument("command", nargs="*", metavar="-- COMMAND", help="starts the stage; without it, says how to")
    return parser


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2024-03-22T12:00Z") from None
    if time.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} needs a zone, such as 2024-03-22T12:00Z")
    return time


def _epoch(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more; 0 is the live consumer")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
