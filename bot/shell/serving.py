"""The life of the process that serves a workspace: from the listener for operators to the last line of the log."""

import logging
import os
import signal
from collections.abc import Callable
from functools import partial
from typing import NoReturn

from bot.app import Deckhand
from bot.config.reloading import Reloading
from bot.config.settings import MetricsSettings, Settings, load
from bot.core.errors import ConfigurationError
from bot.ports import Metrics
from bot.process.arriving import Arriving
from bot.process.ending import Ending, gone_at_the_latest, leave
from bot.process.systemd import READY, STOPPING, Manager
from bot.telemetry.health import Health
from bot.telemetry.listener import Listener
from bot.telemetry.registry import Registry

LOG = logging.getLogger(__name__)

TRACES_TO = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""OpenTelemetry's own variables."""


def make_listener(settings: MetricsSettings, health: Health, registry: Registry) -> Listener | None:
    """What answers operators, started; ConfigurationError when the address that somebody wrote cannot be had."""
    if settings.listen is None:
        return None
    listener = Listener(settings.listen, health, registry)
    try:
        LOG.info("health and metrics: %s", listener.start())
    except ConfigurationError as error:
        if settings.wanted:
            raise
        LOG.warning("health and metrics are not answered: %s", error)
        return None
    return listener


def with_spans(registry: Registry) -> tuple[Metrics, Callable[[], None]]:
    """What counts, and what sends the last of its traces; traces are made where OpenTelemetry's variables want them."""
    if not any(os.environ.get(name) for name in TRACES_TO):
        return registry, lambda: None
    try:
        from bot.telemetry.spans import Spans  # noqa: PLC0415 - the packages are an extra
    except ImportError:
        LOG.warning(
            "%s is set, and nothing is traced: install deckhand[traces], which is OpenTelemetry.",
            TRACES_TO[0],
        )
        return registry, lambda: None
    spans = Spans(registry)
    return spans, spans.end


def serve(settings: Settings, arriving: Arriving) -> NoReturn:
    """Run until SIGTERM or SIGINT arrives; logs one line ``ready`` when it is connected."""
    registry, manager = Registry(), Manager()
    metrics, end_traces = with_spans(registry)
    deckhand = Deckhand(settings, metrics)
    listener = make_listener(settings.metrics, deckhand.health, registry)
    reloading = Reloading(settings.file, partial(load, settings.file, for_slack=True), deckhand.adopt)
    deckhand.start()
    reloading.start()
    LOG.info("ready: %s mode, %d hosts registered", settings.slack.mode, len(settings.rules.hosts.by_name))
    manager.tell(READY)
    manager.keep_watch(deckhand.health.dead)
    while arriving.wait() is signal.SIGHUP:
        reloading.now()
    gone_at_the_latest()
    manager.tell(STOPPING)
    LOG.info("stopping: no new work, running items end first")
    Ending().within("configuration", 2, reloading.stop)
    deckhand.stop()
    if listener is not None:
        Ending().within("listener", 2, listener.stop)
    Ending().within("traces", 2, end_traces)
    LOG.info("stopped")
    leave()
