"""What feeds say, when to ask again, which addresses may be asked: pure functions, no IO."""
