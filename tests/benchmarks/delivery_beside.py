"""What a burst of deliveries takes from the pipeline beside it: a stage at work, with and without the burst.

Real parts: Kafka, Postgres, Valkey, the stage's process, the worker's, receivers on loopback (in this process: on a
small machine they, too, take from the stage; in production they are elsewhere). The stage works all the time. In turn
it is left alone for some seconds and then has a burst beside it.

Without --load it has a backlog without an end and takes all that it can get of the processor, so that on a machine that
is full whatever runs beside it is taken from it: its messages per second are compared. With --load N messages come
evenly, N a second: how many of them it does meanwhile, and how long each takes from sent to done, are compared.

    python -m tests.benchmarks.delivery_beside                           # five bursts of 2,000 beside the linker
    python -m tests.benchmarks.delivery_beside --rate 0 320 --nice 0 19  # each rate of the worker with each niceness
    python -m tests.benchmarks.delivery_beside --load 50 --rate 0 320
    python -m tests.benchmarks.delivery_beside --stage extract
"""

import argparse
import os
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

from deploy.local.services import ROOT
from tests.benchmarks.delivery import Room, prepare, room_of_parts, running, send
from tests.benchmarks.stage_progress import TOPICS, Progress, fed, fill, records, waits, watched

ALONE = 6.0  # seconds, about as long as a burst
PER_ROUND = 3000  # messages that the stage may take in one, start of the worker included, where it has a backlog
ROUND_SECONDS = 40.0  # the same for one to which they come evenly


@dataclass
class Worker:
    """A worker as it is set, and what was found beside it, an entry a round. `rate` 0: as many as it can."""

    nice: int
    rate: float
    alone: list[float] = field(default_factory=list)  # messages a second that the stage does
    beside: list[float] = field(default_factory=list)
    speeds: list[float] = field(default_factory=list)  # deliveries a second
    worker_cpu: list[float] = field(default_factory=list)  # seconds a burst
    receivers_cpu: list[float] = field(default_factory=list)
    spans: list[tuple[tuple[float, float], tuple[float, float]]] = field(default_factory=list)  # alone, beside

    @property
    def name(self) -> str:
        return f"worker at nice {self.nice}, {f'{self.rate:g}/s' if self.rate else 'no rate'}"

    @property
    def settings(self) -> dict[str, str]:
        rate = {"ALERT_WORKER_RATE": str(self.rate)} if self.rate else {}
        # No sweep may find the burst before it is hinted at.
        return {"ALERT_WORKER_NICE": str(self.nice), "ALERT_SWEEP_SECONDS": "60", **rate}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", choices=TOPICS, default="link", help="beside which the burst is (default link)")
    parser.add_argument("--load", type=float, metavar="N", help="messages a second that come (default: a backlog)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="bursts (default 5)")
    parser.add_argument("--deliveries", type=int, default=2000, metavar="N", help="of a burst (default 2000)")
    parser.add_argument("--destinations", type=int, default=20, metavar="N", help="webhooks of a burst (default 20)")
    parser.add_argument("--nice", type=int, nargs="+", metavar="N", default=[0], help="of the worker, in turn")
    parser.add_argument("--rate", type=float, nargs="+", metavar="N", default=[0.0], help="of the worker, in turn")
    arguments = parser.parse_args()
    workers = [Worker(nice, rate) for nice, rate in product(arguments.nice, arguments.rate)]
    with room_of_parts() as room, ExitStack() as stack:
        bootstrap, bursts = room.environ["KAFKA_BOOTSTRAP_SERVERS"], arguments.rounds * len(workers)
        each = ROUND_SECONDS * arguments.load if arguments.load else PER_ROUND
        given = records(arguments.stage, int(each * bursts))
        if not arguments.load:
            fill(bootstrap, given)
        stack.enter_context(running(room, ROOT, arguments.stage))
        progress = stack.enter_context(watched(bootstrap, arguments.stage))
        if arguments.load:
            stack.enter_context(fed(bootstrap, given, arguments.load))
        time.sleep(5)  # a stage that has just been started is slow
        for _ in range(arguments.rounds):
            for worker in workers:
                _round(room, progress, worker, arguments)
        for worker in workers:
            _tell(worker, arguments)
            if arguments.load:
                _tell_waits(worker, bootstrap, arguments.stage, progress)


def _round(room: Room, progress: Progress, worker: Worker, arguments: argparse.Namespace) -> None:
    with running(replace(room, environ=room.environ | worker.settings), ROOT, "delivery") as supervisor:
        process = supervisor.pid("delivery")
        start = time.time()
        time.sleep(ALONE)
        end = time.time()
        chosen = prepare(room, "webhook", arguments.deliveries, arguments.destinations)
        used = _cpu_seconds(process), time.process_time()
        middle = time.time()
        seconds = send(room, chosen)
        worker.worker_cpu.append(_cpu_seconds(process) - used[0])
        worker.receivers_cpu.append(time.process_time() - used[1])
        time.sleep(2)  # until the batch is done that the burst's end fell into
    worker.spans.append(((start, end), (middle, middle + seconds)))
    worker.alone.append(progress.rate(start, end))
    worker.beside.append(progress.rate(middle, middle + seconds))
    worker.speeds.append(arguments.deliveries / seconds)
    print(f"{worker.name}: {worker.alone[-1]:.0f} messages/s alone, {worker.beside[-1]:.0f} beside "
          f"{worker.speeds[-1]:.0f} deliveries/s", flush=True)  # fmt: skip


def _tell(worker: Worker, arguments: argparse.Namespace) -> None:
    alone, beside, speed, worker_cpu, receivers_cpu = map(
        statistics.median, (worker.alone, worker.beside, worker.speeds, worker.worker_cpu, worker.receivers_cpu)
    )
    came = f"of {arguments.load:g} messages/s that come" if arguments.load else "with a backlog"
    lost = (1 - beside / alone) * arguments.deliveries / speed  # seconds of its work
    print(
        f"{arguments.stage} {came}, {worker.name}, {os.cpu_count()} cores: {alone:.0f} messages/s alone, {beside:.0f} "
        f"({beside / alone:.0%}) in a burst of {speed:.0f} deliveries/s, so {lost:.1f} s of its work a burst; CPU "
        f"seconds a burst: worker {worker_cpu:.1f}, receivers {receivers_cpu:.1f}"
    )


def _tell_waits(worker: Worker, bootstrap: str, stage: str, progress: Progress) -> None:
    for name, spans in zip(("alone", "beside"), zip(*worker.spans, strict=True), strict=True):
        found = [wait * 1000 for start, end in spans for wait in waits(bootstrap, stage, progress, start, end)]
        p50, p95 = _quantile(found, 50), _quantile(found, 95)
        print(f"  from sent to done, {name}: p50 {p50:.0f} ms, p95 {p95:.0f} ms over {len(found)} messages")


def _quantile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


def _cpu_seconds(process: int) -> float:
    """What a process used so far, in user and system mode (proc_pid_stat(5), fields 14 and 15)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
