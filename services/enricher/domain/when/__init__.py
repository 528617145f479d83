"""When it happened: dates as news writes them, resolved against the day of publication."""
