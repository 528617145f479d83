"""The embedded stack: PostgreSQL, Valkey and Kafka on free loopback ports, and a supervisor for all processes."""
