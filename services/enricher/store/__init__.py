"""The only SQL of the enricher: what linking reads and writes, its locks, reviews, and the cursor of what is published.

Every call runs inside the transaction of the connection it is given.
"""

from services.enricher.store.batch import BatchStore
from services.enricher.store.cursor import number_published
from services.enricher.store.linking import PostgresStore
from services.enricher.store.locks import lock_countries
from services.enricher.store.reviews import ReviewResult, apply_review

__all__ = ["BatchStore", "PostgresStore", "ReviewResult", "apply_review", "lock_countries", "number_published"]
