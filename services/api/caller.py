"""Who calls, and what they may do."""

from dataclasses import dataclass
from typing import Literal, get_args

Scope = Literal["read", "review", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)  # each includes those before it


@dataclass(frozen=True)
class Caller:
    """`id`: the prefix of an API key, or the subject of a token; rates, idempotency and the audit log go by it."""

    kind: Literal["key", "oidc"]
    id: str
    name: str
    scopes: frozenset[str]

    def __str__(self) -> str:
        """As the audit log names them: `key 0a1b2c3d (desk)`."""
        return f"{self.kind} {self.id} ({self.name})" if self.name != self.id else f"{self.kind} {self.id}"


def up_to(scope: Scope) -> frozenset[str]:
    """The scope with those that it includes."""
    return frozenset(SCOPES[: SCOPES.index(scope) + 1])
