"""Where it happened: place names, their coordinates, and the place of the attack."""
