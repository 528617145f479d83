"""Apache Kafka, one KRaft node, on loopback ports.

Its jars come by Maven, once, into the cache. A formatted data folder and a class archive (which halves the start) are
made there once for each Java.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.local.cache import cache_folder, once
from deploy.local.errors import StackError
from deploy.local.java import OLDEST, Java, find_java, find_maven
from deploy.local.ports import HOST, accepts, free_port
from deploy.local.program import Program
from deploy.local.supervisor import Supervisor, say

VERSION = "4.4.0"  # as in pom.xml
HOW_TO_GET_IT = f"install Java {OLDEST}+ and Maven (Debian: apt-get install maven)"
_POM = Path(__file__).with_name("pom.xml")
_CLUSTER = "dG9jc2luLWxvY2FsLTAwMA"  # any 16 bytes in base64: one-node clusters never meet

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.segment.bytes=16777216
log.index.size.max.bytes=1048576
log.cleaner.dedupe.buffer.size=4194304
num.network.threads=2
num.io.threads=4
# A killed broker's registration must expire before its restart is let in: 12 s with the defaults, 3 s with these.
broker.heartbeat.interval.ms=200
broker.session.timeout.ms=1000
"""


@contextmanager
def start(folder: Path, environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Run Kafka with its data in `folder`; yield its bootstrap address."""
    install(environ)
    with Supervisor(folder) as supervisor:
        program_, bootstrap = program(folder, environ)
        supervisor.launch(program_)
        supervisor.wait()
        yield bootstrap


def program(folder: Path, environ: Mapping[str, str] = os.environ) -> tuple[Program, str]:
    """Return how to run Kafka, installed before, with its data in `folder`, and its bootstrap address."""
    java = require_java(environ)
    made = _made(cache_folder(environ), java)
    data = folder / "kafka"
    if not data.exists():
        shutil.copytree(made / "formatted", data)
    return _program(java, cache_folder(environ), folder, f"-XX:SharedArchiveFile={made / 'classes.jsa'}")


def install(environ: Mapping[str, str] = os.environ) -> None:
    """Fetch and prepare what Kafka needs, unless the cache has it."""
    cache, java = cache_folder(environ), require_java(environ)
    once(_jars(cache), lambda draft: _fetch(draft, environ))
    once(_made(cache, java), lambda draft: _prepare(java, cache, draft))


def has_jars(environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether the jars are in the cache already, so that Maven is not needed."""
    return _jars(cache_folder(environ)).exists()


def require_java(environ: Mapping[str, str] = os.environ) -> Java:
    """Return a Java that runs Kafka, or say what to install."""
    java = find_java(environ)
    if java is None:
        raise StackError(f"kafka: no Java found in JAVA_HOME or PATH; {HOW_TO_GET_IT} or set BROKER=light")
    if not java.recent_enough:
        raise StackError(
            f"kafka: {java.path} is Java {java.version}, Kafka {VERSION} needs {OLDEST} or later; "
            f"{HOW_TO_GET_IT}, set JAVA_HOME to a later one, or set BROKER=light"
        )
    return java


def _jars(cache: Path) -> Path:
    return cache / f"kafka-{VERSION}"


def _made(cache: Path, java: Java) -> Path:
    return cache / f"kafka-{VERSION}-java-{java.version}"


def _fetch(target: Path, environ: Mapping[str, str]) -> None:
    maven = find_maven(environ)
    if maven is None:
        raise StackError(f"kafka: no Maven found in PATH to fetch Kafka {VERSION}; {HOW_TO_GET_IT} or set BROKER=light")
    say(f"kafka: fetching {VERSION} by Maven into {target.parent}, once (43 MB)")
    argv = [maven, "-q", "-B", "--strict-checksums", "-f", str(_POM)]
    argv += ["dependency:copy-dependencies", f"-DoutputDirectory={target}"]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ, check=False)
    if done.returncode:
        why = next((line for line in done.stdout.splitlines() if "ERROR" in line), done.stdout.strip()[:300])
        raise StackError(
            f"kafka: Maven could not fetch Kafka {VERSION}: {why[:500]}\n"
            "Check the network or Maven's settings.xml and start again, or set BROKER=light"
        )


def _prepare(java: Java, cache: Path, target: Path) -> None:
    say("kafka: preparing a data folder and a class archive, once")
    scratch = target / "scratch"
    scratch.mkdir()
    with Supervisor(scratch, throwaway=True, say=lambda line: None) as supervisor:
        archive = target / "classes.jsa"
        program_, bootstrap = _program(java, cache, scratch, f"-XX:ArchiveClassesAtExit={archive}")
        format_ = [*_java(java, cache, scratch), "kafka.tools.StorageTool", "format"]
        format_ += ["-t", _CLUSTER, "-c", str(scratch / "server.properties")]
        done = subprocess.run(format_, capture_output=True, text=True, check=False)
        if done.returncode:
            raise StackError(f"kafka: formatting its data folder failed: {done.stderr.strip()[-800:]}")
        shutil.copytree(scratch / "kafka", target / "formatted")
        supervisor.launch(program_)
        supervisor.wait()
        _exercise(bootstrap)


def _exercise(bootstrap: str) -> None:
    """Produce and consume a little, so that the archive holds the classes that doing so loads."""
    from kafka import KafkaConsumer, KafkaProducer  # imported here: only the first start ever needs it
    from kafka.admin import KafkaAdminClient, NewTopic

    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic("exercise", num_partitions=2, replication_factor=1)])
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", compression_type="zstd")
    for number in range(200):
        producer.send("exercise", b"x" * 1000, key=str(number).encode())
    producer.flush()
    consumer = KafkaConsumer("exercise", bootstrap_servers=bootstrap, group_id="exercise", auto_offset_reset="earliest")
    consumer.poll(timeout_ms=5000)
    consumer.commit()
    consumer.close()
    producer.close()
    admin.close()


def _program(java: Java, cache: Path, folder: Path, archive: str) -> tuple[Program, str]:
    port, controller_port = free_port(), free_port()
    properties = folder / "server.properties"
    properties.write_text(
        _PROPERTIES.format(host=HOST, port=port, controller_port=controller_port, data=folder / "kafka")
    )
    argv = (*_java(java, cache, folder, archive), "kafka.Kafka", str(properties))
    return Program("kafka", argv, ready=lambda: accepts(port)), f"{HOST}:{port}"


def _java(java: Java, cache: Path, folder: Path, *more: str) -> tuple[str, ...]:
    # The archive is only used with the very class path it was made with: explicit and sorted.
    jars = ":".join(str(jar) for jar in sorted(_jars(cache).glob("*.jar")))
    return (
        java.path, "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", *more,
        f"-Djava.io.tmpdir={folder}", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", jars,
    )  # fmt: skip
