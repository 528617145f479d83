"""What the API reads, a module for each kind of thing. Lists are pages by key (`pages.py`)."""

from services.api.queries.operations import api_keys

__all__ = ["api_keys"]
