"""Code lists: the words that events are described in, with their numbers and sources."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.api import etags
from services.api.routes.events import NOT_MODIFIED
from shared import codes

router = APIRouter(prefix="/v1/codes", tags=["codes"])

_GTD = "GTD: Global Terrorism Database Codebook (START, University of Maryland, 2021)"
_AJP = "NATO AJP-2.1: the Admiralty code of sources and information"
_UCDP = "UCDP: Georeferenced Event Dataset Codebook 23.1 (Uppsala Conflict Data Program)"


class Code(BaseModel):
    value: str | int = Field(examples=["bombing_explosion"])
    name: str = Field(examples=["Bombing explosion"])
    number: int | None = Field(description="in the source's list; null where it has none", examples=[3])


class CodeList(BaseModel):
    name: str = Field(examples=["attack_type"])
    source: str | None = Field(description="null: our own list", examples=[_GTD])
    codes: list[Code]


class CodeLists(BaseModel):
    items: list[CodeList]


def _list(name: str, kind: type[Enum], source: str | None = None, numbers: Mapping[str, int] | None = None) -> CodeList:
    found = [
        Code(
            value=code.value,
            name=code.name.replace("_", " ").capitalize(),
            number=code.value if isinstance(code.value, int) else (numbers or {}).get(code.value),
        )
        for code in kind
    ]
    return CodeList(name=name, source=source, codes=found)


def _plain(numbers: Mapping[Any, int]) -> dict[str, int]:
    return {str(code): number for code, number in numbers.items()}


LISTS = CodeLists(
    items=[
        _list("attack_type", codes.AttackType, f"{_GTD}, attacktype1", _plain(codes.GTD_ATTACK_TYPE)),
        _list("target_type", codes.TargetType, f"{_GTD}, targtype1", _plain(codes.GTD_TARGET_TYPE)),
        _list("weapon_type", codes.WeaponType, f"{_GTD}, weaptype1", _plain(codes.GTD_WEAPON_TYPE)),
        _list("place_precision", codes.WherePrecision, f"{_UCDP}, where_prec"),
        _list("date_precision", codes.DatePrecision, f"{_UCDP}, after date_prec"),
        _list("claim_mode", codes.ClaimMode, f"{_GTD}, after claimed and guncertain1"),
        _list("reliability", codes.Reliability, _AJP),
        _list("credibility", codes.Credibility, _AJP),
        _list("article_kind", codes.ArticleKind),
        _list("event_status", codes.EventStatus),
        _list("change", codes.Change),
        _list("message_kind", codes.MessageKind),
        _list("delivery_state", codes.DeliveryState),
    ]
)


@router.get("", response_model=CodeLists, responses=NOT_MODIFIED)
def code_lists(request: Request) -> Response:
    """Every list. `number` is that of the source, for those who work with its data."""
    return etags.answer(request, LISTS.model_dump(mode="json"))
