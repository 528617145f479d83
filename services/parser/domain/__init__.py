"""Reading an article off its page: pure functions, no IO."""
