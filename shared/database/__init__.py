"""Postgres: one schema for all services, each table owned by the service named in `tables.py`."""
