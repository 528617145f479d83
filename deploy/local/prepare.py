"""Makes an empty database and an empty broker fit for the services; doing it again changes nothing.

What does it is imported only then: loading it takes a second in which the parts can already start.
"""


def prepare_database(database_url: str) -> None:
    """Bring the database to the newest migration."""
    from shared.database.session import migrate

    migrate(database_url)


def prepare_topics(bootstrap: str) -> None:
    """Create the topics that are missing."""
    from shared.broker import create_topics

    create_topics(bootstrap)
