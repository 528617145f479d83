"""What the API reads, a module for each kind of thing. Lists are pages by key (`pages.py`)."""
