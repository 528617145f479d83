"""Makes an empty database and an empty broker fit for the services; doing it again changes nothing."""

from deploy.local.stack import Parts


def prepare(parts: Parts) -> None:
    """Bring the database to the newest migration and create the missing topics."""
    # Imported here, when the parts are being used: what is loaded earlier delays their start.
    from shared.broker import create_topics
    from shared.database.session import migrate

    migrate(parts.database_url)
    create_topics(parts.bootstrap)
