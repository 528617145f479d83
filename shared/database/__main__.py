"""`python -m shared.database migrate` and `new MESSAGE`: see --help."""

import argparse

from alembic import command

from shared.database.session import migrate, migrations
from shared.settings import DatabaseUrl, load


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m shared.database",
        description="Bring the database of DATABASE_URL to the newest schema, or write the next migration.",
        epilog="""examples:
  python -m shared.database migrate
  python -m shared.database new "Add the weather to events"   after a change of shared/database/tables.py; read what
                                                              it wrote: renames and data are for you to add""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    jobs = parser.add_subparsers(dest="job", required=True)
    jobs.add_parser("migrate", help="run the migrations that are missing; none missing: does nothing")
    new = jobs.add_parser("new", help="write a migration from the newest one to tables.py")
    new.add_argument("message")
    arguments = parser.parse_args()
    url = load(DatabaseUrl).database_url
    migrate(url)
    if arguments.job == "new":
        command.revision(migrations(url), arguments.message, autogenerate=True)


if __name__ == "__main__":
    main()
