from pathlib import Path

import pytest

from shared.settings import DatabaseSettings, load


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # no .env of the developer's
    for name in DatabaseSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_what_is_missing_is_named_with_what_it_is_for_and_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        load(DatabaseSettings)
    assert exit_.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert sorted(lines) == [
        "DATABASE_URL: missing; it says where PostgreSQL is, "
        "for example postgresql+psycopg://USER:PASSWORD@127.0.0.1:5432/tocsin",
        "KAFKA_BOOTSTRAP_SERVERS: missing; it says where Kafka listens, for example 127.0.0.1:9092",
    ]


def test_what_is_wrong_is_told_without_its_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9092")
    monkeypatch.setenv("DATABASE_URL", "postgresql://x:secret@db/tocsin")
    monkeypatch.setenv("HEALTH_PORT", "99999")
    with pytest.raises(SystemExit):
        load(DatabaseSettings)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("HEALTH_PORT: Input should be less than or equal to 65535; it says the port")


def test_defaults_keep_health_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9092")
    monkeypatch.setenv("DATABASE_URL", "postgresql://x@db/tocsin")
    assert load(DatabaseSettings).health_host == "127.0.0.1"
