"""python -m services.alerting: decides who must know of an event, and tells them."""

import argparse
import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import UUID

from services.alerting import commands, service, tasks, trials, worker
from services.alerting.channels.webhook import Body
from services.alerting.delivery import MOST, Desk
from services.alerting.settings import AlertingSettings, DeliverySettings, WorkerSettings
from services.alerting.turns import Turns
from shared.database.session import check, make_engine
from shared.run import main_stateful, process
from shared.settings import DatabaseUrl, load
from shared.tasks import celery_app

EXAMPLES = """examples:
  python -m services.alerting                              decide (reads events.changed)
  python -m services.alerting worker                       deliver
  python -m services.alerting rules import deploy/rules.yml
  python -m services.alerting rules list
  python -m services.alerting rules export > rules.yml
  python -m services.alerting backtest blasts --days 30    what a rule would have told
  python -m services.alerting backtest drafts.yml          drafts, each against the rule in force
  python -m services.alerting silence add "exercise" --hours 4 --when "{country: PK}"
  python -m services.alerting precision                    what readers said, by rule and source
  python -m services.alerting test duty-mail               send a test message
  python -m services.alerting why 0192f0c4-... [RULE]      why it did or did not alert
  python -m services.alerting resend 7d0a2f6e-...          send a delivery again
  python -m services.alerting resend --dead [--destination duty-mail]
  python -m services.alerting schema                       JSON Schema of what webhooks get
"""


def main() -> int:
    arguments = _parser().parse_args()
    try:
        return int(arguments.run(arguments) or 0)
    except commands.CommandError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.alerting",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=_decide)
    commands_ = parser.add_subparsers(metavar="COMMAND")
    commands_.add_parser("worker", help="deliver what was decided").set_defaults(run=_work)
    rules = commands_.add_parser("rules", help="import or list rules").add_subparsers(metavar="ACTION", required=True)
    importing = rules.add_parser("import", help="check a YAML file and put it in force, or nothing of it")
    importing.add_argument("file", type=Path)
    importing.set_defaults(run=_import)
    rules.add_parser("list", help="every rule in one line, and the destinations").set_defaults(run=_list)
    rules.add_parser("export", help="what is in force, as YAML that import reads").set_defaults(run=_export)
    versions = rules.add_parser("history", help="every version of a rule, and whose it is")
    versions.add_argument("rule")
    versions.set_defaults(run=_history)
    backtest = commands_.add_parser("backtest", help="what a rule would have told in the past")
    backtest.add_argument("rule", metavar="RULE|FILE", help="the id of a rule, or a YAML file with drafts")
    backtest.add_argument("--days", type=int, default=30, help="how far back from the newest event (default 30)")
    backtest.add_argument("--against", type=int, metavar="VERSION", help="compare with this version of the rule")
    backtest.set_defaults(run=_backtest)
    silencing = commands_.add_parser("silence", help="record, but do not send").add_subparsers(
        metavar="ACTION", required=True
    )
    adding = silencing.add_parser("add", help="from now on, for some hours")
    adding.add_argument("comment", help="why, for those who wonder")
    adding.add_argument("--hours", type=float, required=True, help="for how long")
    adding.add_argument("--rule", nargs="+", default=[], metavar="ID", help="of these rules only")
    adding.add_argument("--destination", nargs="+", default=[], metavar="ID", help="to these destinations only")
    adding.add_argument("--when", default="{}", metavar="YAML", help="only what matches: '{country: PK}'")
    adding.set_defaults(run=_silence)
    silencing.add_parser("list", help="every silence").set_defaults(run=_silences)
    ending = silencing.add_parser("end", help="end one now")
    ending.add_argument("silence", type=UUID)
    ending.set_defaults(run=_end_silence)
    commands_.add_parser("precision", help="what readers said, by rule and source").set_defaults(run=_precision)
    why = commands_.add_parser("why", help="why an event did or did not alert")
    why.add_argument("event", type=UUID)
    why.add_argument("rule", nargs="?")
    why.set_defaults(run=_why)
    test = commands_.add_parser("test", help="send a test message to a destination")
    test.add_argument("destination")
    test.set_defaults(run=_test)
    resend = commands_.add_parser("resend", help="send deliveries again, under the same reference")
    resend.add_argument("delivery", type=UUID, nargs="*")
    resend.add_argument("--dead", action="store_true", help="all that were given up")
    resend.add_argument("--destination", metavar="ID", help="with --dead: of this destination only")
    resend.set_defaults(run=_resend)
    commands_.add_parser("schema", help="the JSON Schema of what webhooks get").set_defaults(run=_schema)
    return parser


def _decide(_: argparse.Namespace) -> int:
    settings = load(AlertingSettings)
    app = celery_app(tasks.SERVICE, settings.celery_broker_url)
    return main_stateful(service.stage(tasks.waker(app)), settings)


def _work(_: argparse.Namespace) -> int:
    settings = load(WorkerSettings)
    worker.give_way(settings.alert_worker_nice)
    turns = Turns(MOST, settings.alert_worker_rate)
    desk = replace(_desk(settings, settings.alert_worker_threads), turns=turns)
    app = tasks.make_app(settings.celery_broker_url, desk, settings.alert_sweep_seconds)
    checks = {"database": partial(check, desk.engine), "broker": partial(worker.broker_check, app)}
    with process("delivery", settings, checks) as this:
        worker.tell_of_links(settings.signer)
        return worker.run(app, settings.alert_worker_threads, this.health, this.stop)


def _import(arguments: argparse.Namespace) -> None:
    commands.say([commands.import_rules(make_engine(load(DatabaseUrl).database_url), arguments.file)])


def _list(_: argparse.Namespace) -> None:
    commands.say(commands.list_rules(make_engine(load(DatabaseUrl).database_url)))


def _export(_: argparse.Namespace) -> None:
    commands.say([commands.export_rules(make_engine(load(DatabaseUrl).database_url))])


def _history(arguments: argparse.Namespace) -> None:
    commands.say(commands.rule_history(make_engine(load(DatabaseUrl).database_url), arguments.rule))


def _backtest(arguments: argparse.Namespace) -> None:
    if arguments.days < 1:
        raise commands.CommandError("--days must be at least 1")
    engine = make_engine(load(DatabaseUrl).database_url)
    commands.say(trials.backtest(engine, arguments.rule, arguments.days, arguments.against))


def _silence(arguments: argparse.Namespace) -> None:
    said = {"comment": arguments.comment, "rule": arguments.rule, "destination": arguments.destination}
    made = commands.read_silence(said, arguments.when, arguments.hours)
    commands.say([commands.silence(make_engine(load(DatabaseUrl).database_url), made)])


def _silences(_: argparse.Namespace) -> None:
    commands.say(commands.list_silences(make_engine(load(DatabaseUrl).database_url)))


def _end_silence(arguments: argparse.Namespace) -> None:
    commands.say([commands.end_silence(make_engine(load(DatabaseUrl).database_url), arguments.silence)])


def _precision(_: argparse.Namespace) -> None:
    commands.say(trials.precision(make_engine(load(DatabaseUrl).database_url)))


def _why(arguments: argparse.Namespace) -> None:
    commands.say(commands.why(make_engine(load(DatabaseUrl).database_url), arguments.event, arguments.rule))


def _test(arguments: argparse.Namespace) -> None:
    commands.say([commands.test(_desk(load(DeliverySettings)), arguments.destination)])


def _resend(arguments: argparse.Namespace) -> None:
    desk = _desk(load(DeliverySettings))
    chosen = [*arguments.delivery, *(commands.dead(desk.engine, arguments.destination) if arguments.dead else [])]
    commands.say(commands.resend(desk, chosen))


def _schema(_: argparse.Namespace) -> None:
    commands.say([json.dumps(Body.model_json_schema(), indent=2)])


def _desk(settings: DeliverySettings, threads: int = 1) -> Desk:
    return Desk(
        engine=make_engine(settings.database_url, "delivery", pool_size=min(threads, 8)),
        allowed=settings.allowed_hosts,
        lease=settings.alert_lease_seconds,
        answer=settings.alert_answer_seconds,
        patience=settings.patience,
        slack_per_second=settings.alert_slack_per_second,
        signer=settings.signer,
    )


if __name__ == "__main__":
    sys.exit(main())
