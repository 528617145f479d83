"""Makes an empty database and an empty broker fit for the services; doing it again changes nothing.

python -m deploy.prepare database    bring DATABASE_URL to the newest migration
python -m deploy.prepare topics      create the missing topics on KAFKA_BOOTSTRAP_SERVERS
"""

import argparse
import os
import sys


def prepare_database(database_url: str) -> None:
    """Bring a database to the newest migration."""
    from shared.database.session import migrate  # imported here: the other job runs without it

    migrate(database_url)


def prepare_topics(bootstrap: str) -> None:
    """Create the topics that are missing."""
    from shared.broker import create_topics

    create_topics(bootstrap)


JOBS = {"database": (prepare_database, "DATABASE_URL"), "topics": (prepare_topics, "KAFKA_BOOTSTRAP_SERVERS")}


def main() -> None:
    """Run the jobs named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=JOBS, nargs="+")
    for name in parser.parse_args().job:
        job, setting = JOBS[name]
        if not os.environ.get(setting):
            sys.exit(f"prepare {name}: set {setting}")
        job(os.environ[setting])


if __name__ == "__main__":
    main()
