"""From what the finders found to one frame per attack."""
