"""What the shapes of the JSON that commands print have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bot.core.audit.filters import OUTCOMES
from bot.core.docker.inventory import Kind
from bot.core.life.states import Status

Bytes = Annotated[int, Field(description="bytes")]
Count = Annotated[int, Field(ge=0)]
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$", description="UTC")]
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
OfKind = Annotated[str, Field(json_schema_extra={"enum": [str(kind) for kind in Kind]})]
State = Annotated[str, Field(json_schema_extra={"enum": [str(status) for status in Status]})]
Ended = Annotated[str, Field(json_schema_extra={"enum": list(OUTCOMES)})]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
