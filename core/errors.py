"""The few named errors, each with the HTTP status it answers with.

Raised in `core`, turned into words at the edge. The message always says what is wrong, where, and what to do.
"""

from __future__ import annotations


class LoopwrightError(Exception):
    """Something that a person can understand and act on."""

    status = 500
    code = "error"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    def as_json(self) -> dict[str, dict[str, str]]:
        """The one JSON shape of an error (DESIGN section 4)."""
        body = {"code": self.code, "message": self.message}
        if self.field is not None:
            body["field"] = self.field
        return {"error": body}


class InvalidInput(LoopwrightError):
    """What was sent cannot be used as it is."""

    status = 400
    code = "invalid"


class NotPermitted(LoopwrightError):
    """The person's role does not allow it."""

    status = 403
    code = "not_permitted"


class NotFound(LoopwrightError):
    """The thing that was named does not exist."""

    status = 404
    code = "not_found"


class Conflict(LoopwrightError):
    """It was true a moment ago, and is not any more: somebody else acted first."""

    status = 409
    code = "conflict"


class Ambiguous(LoopwrightError):
    """A name that fits several things."""

    status = 409
    code = "ambiguous"


class TooLarge(LoopwrightError):
    """The payload is past a limit of the settings."""

    status = 413
    code = "too_large"


class Unsupported(LoopwrightError):
    """The payload is of a kind that is not read."""

    status = 415
    code = "unsupported"


class Unavailable(LoopwrightError):
    """A part that is needed (database, index, folder) cannot be used now."""

    status = 503
    code = "unavailable"


class Contended(Unavailable):
    """Two changed the same at one moment and the database let the other go on: the same may be tried again at once."""
