"""Alembic runs this for `shared.database.session.migrate` and `python -m shared.database new`.

Migrations expand first and contract a release later, so that the old release runs on the new schema. A statement that
waits longer than `lock_timeout` for a table in use gives up, and the migration can simply be run again. Two that
start together wait for one another.
"""

from alembic import context
from sqlalchemy import NullPool, create_engine, make_url, text

from shared.database.tables import Base

_ONE_AT_A_TIME = 0x746F6373696E  # key of the advisory lock

url = context.config.attributes["database_url"]
engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)

with engine.connect() as connection:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ONE_AT_A_TIME})
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.commit()
    context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
