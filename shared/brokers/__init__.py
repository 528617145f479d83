"""The brokers behind one small interface: Apache Kafka, and one in memory for unit tests."""
