"""The refusals of the engine, with its own statuses and wordings (moby 26.1)."""


class EngineError(Exception):
    """What the engine answers instead of doing what it was asked; `message` is its own wording."""

    status = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidParameterError(EngineError):
    status = 400


class ForbiddenError(EngineError):
    status = 403


class NotFoundError(EngineError):
    status = 404


class ConflictError(EngineError):
    status = 409
