"""The tables, as SQLModel rows; they stay in the store and are mapped to the core's values.

Whoever asks for one of them here has them all in the catalogue of ``Row``.
"""

from bot.store.models.alert import AlertNoticeRow, AlertRow, AlertStandingRow
from bot.store.models.batch import BatchRow
from bot.store.models.event import OF_LINES, EventRow, HeadRow
from bot.store.models.fleet import FleetRow
from bot.store.models.host import (
    EventStreamRow,
    HostEngineRow,
    LastLookRow,
    MountingRow,
    RanRow,
    ScheduleHostRow,
    ScheduleRow,
    SightingRow,
)
from bot.store.models.plan import FORMAT, OF_A_FLEET, ItemRow, PlanRow, RestoreRow, VoteRow, WordRow
from bot.store.models.row import Row
from bot.store.models.schema import SchemaReleaseRow
from bot.store.models.told import NoticeRow, PersonRow
from bot.store.models.watch import SampleRow, SeriesRow, WatchedHostRow

__all__ = [
    "FORMAT",
    "OF_A_FLEET",
    "OF_LINES",
    "AlertNoticeRow",
    "AlertRow",
    "AlertStandingRow",
    "BatchRow",
    "EventRow",
    "EventStreamRow",
    "FleetRow",
    "HeadRow",
    "HostEngineRow",
    "ItemRow",
    "LastLookRow",
    "MountingRow",
    "NoticeRow",
    "PersonRow",
    "PlanRow",
    "RanRow",
    "RestoreRow",
    "Row",
    "SampleRow",
    "ScheduleHostRow",
    "ScheduleRow",
    "SchemaReleaseRow",
    "SeriesRow",
    "SightingRow",
    "VoteRow",
    "WatchedHostRow",
    "WordRow",
]
