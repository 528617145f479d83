"""The one error of the local stack; its text says who failed, on what, and what to do."""


class StackError(RuntimeError):
    """Something on this machine keeps the stack from starting; shown without a traceback."""
