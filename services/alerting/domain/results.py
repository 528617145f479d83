"""What can be decided."""

from enum import StrEnum

from shared.codes import MessageKind


class Result(StrEnum):
    """What was decided; the first four make a message, the rest is ordered by how far the case came."""

    ALERT = "alert"
    UPDATE = "update"
    CORRECTION = "correction"
    RETRACTION = "retraction"
    NO_DESTINATION = "no_destination"
    NOT_ALERTABLE = "not_alertable"
    NOT_IN_FORCE = "not_in_force"
    NO_MATCH = "no_match"
    NOT_MATERIAL = "not_material"
    INHIBITED = "inhibited"
    SILENCED = "silenced"
    STAGED = "staged"
    GROUPED = "grouped"  # from here on: held, and told in a digest
    QUIET = "quiet"
    THROTTLED = "throttled"
    LATE = "late"
    DIGESTED = "digested"

    @property
    def kind(self) -> MessageKind | None:
        """The message to send now; None: nothing is sent now."""
        return MessageKind(self) if self in _TELLING else None

    @property
    def held(self) -> bool:
        """Is it told in a digest?"""
        return self in _HOLDING


_TELLING = (Result.ALERT, Result.UPDATE, Result.CORRECTION, Result.RETRACTION)
_HOLDING = (Result.GROUPED, Result.QUIET, Result.THROTTLED, Result.LATE, Result.DIGESTED)
