"""Rules: who must know what. A rule is never deleted, for what it decided refers to it: switch it off.

Rules, destinations and silences are given and taken as a file of rules has them (`services/alerting/domain`): one
format, which people learn once, and which only grows, as all that the API takes and gives.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, HTTPException, Path, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection, RowMapping

from services.alerting.domain import rulebook
from services.alerting.domain.rules import Rule
from services.alerting.store.rules import save
from services.api import configuration, store
from services.api.problems import Fault, Refused, responses
from services.api.reading import Reading
from services.api.writing import ERRORS, Administering, Done, Write, etag, tagged

router = APIRouter(prefix="/v1/rules", tags=["rules"])

RuleId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", examples=["blasts"])]

EXAMPLE = {
    "id": "blasts",
    "owner": "duty desk",
    "description": "bombings with many killed",
    "when": {"country": ["PK", "AF"], "attack_type": ["bombing_explosion"], "killed_at_least": 5},
    "route": {"now": ["duty-desk"], "confirmed": ["board"]},
}


class RuleAnswer(BaseModel):
    rule: Rule
    version: int = Field(description="counts up with each change; what alerting decided names it", examples=[3])
    summary: str = Field(examples=["blasts: attack type bombing_explosion; killed at least 5 -> duty-desk"])
    changed_by: str
    changed_at: datetime


class Rules(BaseModel):
    items: list[RuleAnswer]


@router.get("", responses=responses(422))
def list_rules(read: Reading) -> Rules:
    """The version in force of every rule, those switched off too, by id."""
    with read() as database:
        return Rules(items=[_answer(row) for row in configuration.rules(database)])


@router.get("/{rule_id}", response_model=RuleAnswer, responses=responses(404, 422))
def one_rule(read: Reading, rule_id: RuleId) -> Response:
    with read() as database:
        found = _find(database, rule_id)
    if found is None:
        raise HTTPException(404, f"no rule has the id {rule_id}")
    return tagged(found, found)


@router.put("/{rule_id}", response_model=RuleAnswer, responses={201: {"model": RuleAnswer}, **ERRORS})
def put_rule(write: Administering, rule_id: RuleId, rule: Annotated[Rule, Body(examples=[EXAMPLE])]) -> Response:
    """Put a rule in force, or a new version of it (with If-Match). It is checked as a file of rules is."""
    if rule.id != rule_id:
        raise Refused(422, "the rule is not valid", [Fault(where=["body", "id"], what=f"must be {rule_id}")])
    return write.run(lambda connection: _put(write, connection, rule))


def _put(write: Write, connection: Connection, rule: Rule) -> Done:
    configuration.lock(connection)
    before = _find(connection, rule.id)
    write.expect(etag(before) if before else None)
    written = rule.model_dump(mode="json", exclude_defaults=True)
    try:
        rules, _ = rulebook.read({"rules": [written]}, configuration.destination_ids(connection))
    except rulebook.RulesError as error:
        raise Refused(
            422, "the rule is not valid", [Fault(where=["body"], what=fault) for fault in error.faults]
        ) from None
    save(connection, rules, [], write.actor)
    after = _find(connection, rule.id)
    assert after is not None  # noqa: S101 - it was just saved
    was = before.rule.model_dump(mode="json", exclude_defaults=True) if before else None
    store.audit(connection, write.actor, "rule.put", rule.id, was, written)
    return Done(after, 200 if before else 201, etag(after), None if before else f"/v1/rules/{rule.id}")


def _find(connection: Connection, rule_id: str) -> RuleAnswer | None:
    return next((_answer(row) for row in configuration.rules(connection, rule_id)), None)


def _answer(row: RowMapping) -> RuleAnswer:
    rule = Rule.model_validate(row["definition"])
    return RuleAnswer(
        rule=rule,
        version=row["version"],
        summary=rule.summary,
        changed_by=row["created_by"],
        changed_at=row["created_at"],
    )
