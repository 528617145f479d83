"""The audit log: who changed what by hand, and what it was before."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from services.api import store
from services.api.access import needs
from services.api.problems import responses
from services.api.reading import Reading

router = APIRouter(prefix="/v1/audit", tags=["audit"], dependencies=[Depends(needs("admin"))])


class AuditAnswer(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    at: datetime
    actor: str = Field(examples=["key 0a1b2c3d (desk)"])
    action: str = Field(examples=["rule.put"])
    target: str = Field(examples=["blasts"])
    detail: dict[str, Any] = Field(examples=[{"before": None, "after": {"id": "blasts"}}])


class Audit(BaseModel):
    items: list[AuditAnswer]
    next_cursor: int | None = Field(description="give it as `cursor` for the next page; null: this is the last")


@router.get("", responses=responses(422))
def list_audit(
    read: Reading,
    action: Annotated[str | None, Query(max_length=100, examples=["rule.put"])] = None,
    target: Annotated[str | None, Query(max_length=200, examples=["blasts"])] = None,
    actor: Annotated[str | None, Query(max_length=500)] = None,
    cursor: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Audit:
    """Newest first."""
    asked = {"action": action, "target": target, "actor": actor}
    with read() as database:
        found = [AuditAnswer.model_validate(row) for row in store.audit_log(database, asked, cursor, limit)]
    return Audit(items=found, next_cursor=found[-1].id if len(found) == limit else None)
