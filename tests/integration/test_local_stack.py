"""The embedded stack: its parts work, it says what is wrong, and it leaves nothing behind."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from deploy.local import broker, cache, kafka, ports, postgres
from deploy.local.errors import StackError
from deploy.local.program import Program
from deploy.local.stack import parts
from deploy.local.supervisor import Supervisor
from tests.waiting import until

ROOT = Path(__file__).parents[2]
SLEEP = (sys.executable, "-S", "-c", "import time; time.sleep(60)")


def gone(pid: int) -> bool:
    """Tell whether a process has ended (a zombie that nobody reaped has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


# The parts


def test_postgres_serves_sql_with_the_extensions_and_a_password(postgres_url: str) -> None:
    url = postgres_url.replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        for extension in ("vector", "pg_trgm", "cube", "earthdistance", "btree_gist"):
            connection.execute(f"CREATE EXTENSION {extension}")
        connection.rollback()
    password = url.split(":")[2].split("@")[0]
    assert len(password) > 20
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(password, "guess"))


def test_valkey_answers(valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as client:
        assert client.ping()


def test_broker_returns_what_was_sent(kafka_bootstrap: str, topic_prefix: str) -> None:
    topic = f"{topic_prefix}local"
    admin = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=kafka_bootstrap, acks="all", compression_type="zstd")
    producer.send(topic, b"siren").get(timeout=10)
    producer.close()
    consumer = KafkaConsumer(
        topic, bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=10_000
    )
    assert next(consumer).value == b"siren"
    consumer.close()


@pytest.mark.kafka_only
def test_kafka_keeps_its_records_through_a_kill(tmp_path_factory: pytest.TempPathFactory) -> None:
    kafka.install()
    folder = tmp_path_factory.mktemp("kafka")
    with Supervisor(folder, say=lambda line: None) as supervisor:
        program, bootstrap = kafka.program(folder)
        supervisor.launch(program)
        supervisor.wait()
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        admin.create_topics([NewTopic("kept", num_partitions=1, replication_factor=1)])
        admin.close()
        producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
        producer.send("kept", b"still here").get(timeout=10)
        producer.close()
        supervisor.kill("kafka")
        supervisor.restart("kafka")
        consumer = KafkaConsumer(
            "kept", bootstrap_servers=bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=15_000
        )
        assert next(consumer).value == b"still here"
        consumer.close()


def test_parts_that_run_already_are_used_as_they_are() -> None:
    environ = {
        "DATABASE_URL": "postgresql+psycopg://db/x",
        "KAFKA_BOOTSTRAP_SERVERS": "k:9",
        "CELERY_BROKER_URL": "redis://v",
    }
    with parts(environ={**os.environ, **environ}, say=lambda line: None) as running:
        assert running.environ == environ
        assert not running.supervisor.alive()


# Which broker


def test_kafka_is_chosen_only_where_java_is_found(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert broker.choose({"PATH": str(tmp_path)}) == "light"
    line = capfd.readouterr().err
    assert line.count("\n") == 1
    assert "no Java" in line and "apt-get install maven" in line
    assert broker.choose({"PATH": str(tmp_path), "BROKER": "kafka"}) == "kafka"
    with pytest.raises(StackError, match="BROKER=rabbit: no such broker"):
        broker.choose({"BROKER": "rabbit"})


def test_an_old_java_is_named_with_the_way_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fake_program(tmp_path, "java", "echo 'openjdk version \"11.0.2\"' >&2")
    environ = {"PATH": f"{tmp_path}:/bin"}
    assert broker.choose(environ) == "light"
    assert "Java 11.0.2 is too old" in capfd.readouterr().err
    with pytest.raises(StackError, match=r"is Java 11.0.2, Kafka .* needs 17 or later.*BROKER=light"):
        kafka.require_java(environ)


def test_an_offline_maven_says_why_and_what_to_do(tmp_path: Path, scratch_cache: Path) -> None:
    fake_program(tmp_path, "java", "echo 'openjdk version \"17.0.2\"' >&2")
    fake_program(tmp_path, "mvn", "echo '[ERROR] Could not transfer artifact: Unknown host'; exit 1")
    environ = {"PATH": f"{tmp_path}:/bin", "TOCSIN_CACHE": str(scratch_cache)}
    with pytest.raises(StackError, match=r"Unknown host(.|\n)*Check the network .*BROKER=light"):
        kafka.install(environ)
    assert not kafka.has_jars(environ)


@pytest.fixture
def scratch_cache() -> Iterator[Path]:
    """An empty cache that PostgreSQL's user could reach."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def fake_program(folder: Path, name: str, script: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


# What can be wrong with the machine


def test_a_taken_port_is_named_with_its_setting() -> None:
    with socket.socket() as taken:
        taken.bind((ports.HOST, 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with pytest.raises(StackError, match=rf"API_PORT={port}: port {port} on 127.0.0.1 is taken"):
            ports.wanted_port("API_PORT", port)
    assert ports.wanted_port("API_PORT", port) == int(port)
    with pytest.raises(StackError, match="API_PORT=http: not a port"):
        ports.wanted_port("API_PORT", "http")


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match=r"cache folder .*/file/cache: Not a directory; .* TOCSIN_CACHE"):
        cache.cache_folder({"TOCSIN_CACHE": str(tmp_path / "file" / "cache")})


@pytest.mark.skipif(os.geteuid() != 0, reason="only under root does PostgreSQL run as another user")
def test_under_root_a_private_cache_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(StackError, match=r"only its owner may enter.*point TOCSIN_CACHE outside of home folders"):
        cache.cache_folder({"TOCSIN_CACHE": str(tmp_path / "cache")})


def test_a_full_disk_is_named(scratch_cache: Path) -> None:
    script = (
        f"mount -t tmpfs -o size=1m,mode=755 tmpfs {scratch_cache} && "
        f"TOCSIN_CACHE={scratch_cache} {sys.executable} -c 'from deploy.local import cache; cache.cache_folder()'"
    )
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip("this machine lets nobody mount a small disk")
    assert (
        f"cache folder {scratch_cache}: 0 MB free" in done.stderr
        or f"cache folder {scratch_cache}: 1 MB free" in done.stderr
    )
    assert "make room or point TOCSIN_CACHE" in done.stderr


def test_a_half_made_folder_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    def fail(draft: Path) -> None:
        (draft / "half").touch()
        raise StackError("no")

    with pytest.raises(StackError):
        cache.once(tmp_path / "made", fail)
    assert list(tmp_path.iterdir()) == []
    assert [p.name for p in cache.once(tmp_path / "made", lambda draft: (draft / "whole").touch()).iterdir()] == [
        "whole"
    ]


# The supervisor


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path, say=lambda line: None) as supervisor:
        yield supervisor


def test_a_child_that_dies_while_starting_is_quoted(supervisor: Supervisor) -> None:
    with pytest.raises(StackError, match=r"parser ended with 3 while starting; its last words:\nno such module"):
        supervisor.start("parser", ["sh", "-c", "echo no such module; exit 3"], {}, ready=lambda: False)


def test_a_child_that_never_gets_ready_is_quoted(supervisor: Supervisor) -> None:
    supervisor.launch(Program("parser", ("sh", "-c", "echo waiting; exec sleep 60"), ready=lambda: False))
    with pytest.raises(StackError, match=r"parser is not ready after 0 s; its last words:\nwaiting"):
        supervisor.wait(limit=0.3)


def test_waiting_for_one_leaves_the_others_to_start(supervisor: Supervisor) -> None:
    supervisor.launch(Program("slow", SLEEP, ready=lambda: False), Program("quick", SLEEP))
    supervisor.wait("quick")
    assert supervisor.alive() == {"slow", "quick"}


def test_only_a_shown_program_speaks_to_the_user(supervisor: Supervisor, capfd: pytest.CaptureFixture[str]) -> None:
    script = ("sh", "-c", "echo alert; echo trouble >&2; exec sleep 60")
    supervisor.launch(Program("sinks", script, shown=True), Program("parser", script))
    until(lambda: supervisor.last_words("parser") == "alert\ntrouble", "nothing was logged")
    until(lambda: supervisor.last_words("sinks") == "trouble", "nothing was logged")
    assert capfd.readouterr().out == "alert\n"


def test_kill_restart_and_unasked_deaths(supervisor: Supervisor) -> None:
    supervisor.start("a", SLEEP, {})
    supervisor.start("b", SLEEP, {})
    first = supervisor.pid("a")
    os.kill(first, signal.SIGKILL)
    until(lambda: supervisor.died() == {"a": -signal.SIGKILL}, "the death was not noticed")
    assert supervisor.alive() == {"b"}
    supervisor.restart("a")
    assert supervisor.alive() == {"a", "b"} and supervisor.pid("a") != first
    supervisor.kill("b")
    assert supervisor.alive() == {"a"} and supervisor.died() == {}


def test_children_of_a_stopped_child_end_too(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(
        "parent", ["sh", "-c", f"sleep 60 & echo $! > {tmp_path}/pid; wait"], {}, ready=(tmp_path / "pid").exists
    )
    until(lambda: (tmp_path / "pid").read_text() != "", "no child")
    supervisor.stop("parent")
    until(lambda: gone(int((tmp_path / "pid").read_text())), "the grandchild lives on")


def test_a_child_deaf_to_the_stop_is_killed(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(
        "deaf", ["sh", "-c", f"trap '' TERM; touch {tmp_path}/up; sleep 60"], {}, ready=(tmp_path / "up").exists
    )
    pid = supervisor.pid("deaf")
    supervisor.stop("deaf", limit=0.2)
    assert gone(pid)


# Whole stacks, in processes of their own

_STACK = """
import json, time
from deploy.local.signals import end_like_ctrl_c
from deploy.local.stack import parts
end_like_ctrl_c()
with parts(environ={"BROKER": "light", **__import__("os").environ}) as running:
    pids = [running.supervisor.pid(name) for name in running.supervisor.alive()]
    print(json.dumps({"folder": str(running.folder), "pids": pids, **running.environ}), flush=True)
    time.sleep(60)
"""


class Stack:
    """A stack that runs in a process of its own, and what it said about itself."""

    def __init__(self, wrapper: tuple[str, ...] = ()) -> None:
        self.process = subprocess.Popen(
            [*wrapper, sys.executable, "-c", _STACK],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        facts = json.loads(self.process.stdout.readline())
        self.folder = Path(facts.pop("folder"))
        self.pids: list[int] = facts.pop("pids")
        self.addresses: dict[str, str] = facts

    def assert_nothing_left(self) -> None:
        self.process.wait(timeout=15)
        until(lambda: all(gone(pid) for pid in self.pids), "processes live on")
        until(lambda: not self.folder.exists(), "the data folder stayed")


@contextmanager
def running(*wrapper: str) -> Iterator[Stack]:
    stack = Stack(wrapper)
    try:
        yield stack
    finally:
        if stack.process.poll() is None:
            stack.process.kill()
        stack.process.wait()
        assert stack.process.stdout is not None
        stack.process.stdout.close()


def test_two_stacks_run_side_by_side_and_end_with_ctrl_c_and_term() -> None:
    with running() as one, running() as two:
        assert len(one.pids) == len(two.pids) == 3
        assert not set(one.addresses.values()) & set(two.addresses.values())
        one.process.send_signal(signal.SIGINT)
        one.assert_nothing_left()
        with psycopg.connect(two.addresses["DATABASE_URL"].replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        two.process.send_signal(signal.SIGTERM)
        two.assert_nothing_left()


def test_a_killed_supervisor_leaves_no_process_and_no_folder() -> None:
    with running() as stack:
        stack.process.kill()
        stack.assert_nothing_left()


def test_a_stack_ends_with_its_parent() -> None:
    with running("sh", "-c", '"$@" & wait', "sh") as stack:
        stack.process.kill()
        stack.assert_nothing_left()


def test_data_in_a_given_folder_is_found_again() -> None:
    folder = cache.stack_folder(cache.cache_folder())
    try:
        with postgres.start(folder) as url, psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute("CREATE TABLE kept (id int)")
        with postgres.start(folder) as url, psycopg.connect(url.replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    finally:
        shutil.rmtree(folder)
