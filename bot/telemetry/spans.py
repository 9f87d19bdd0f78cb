"""OpenTelemetry: what a click, a command or a cleanup set off, as one trace.

Where it is sent, and how much of it, say OpenTelemetry's own variables (``OTEL_EXPORTER_OTLP_ENDPOINT`` and its kin:
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/), which its packages read. A span has
the name of what was done, its host, and Deckhand's own id (a cleanup's has its plan's), by which the log's lines and
the audit's events are found. Nobody is named in one, and of an error there is no more than its kind.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, get_current_span

from bot.core.audit.events import Event
from bot.core.audit.facts import deckhand
from bot.core.traces import cause, trace
from bot.ports.metrics import Figures, Metrics

NS = 1_000_000_000


class Spans:
    """Implements ``bot.ports.metrics.Metrics``: hands all on to ``counts``, and makes spans of it beside."""

    def __init__(self, counts: Metrics) -> None:
        self._counts = counts
        ours = Resource({SERVICE_NAME: "deckhand", SERVICE_VERSION: deckhand()})
        provider = TracerProvider(
            resource=ours.merge(OTELResourceDetector().detect()), shutdown_on_exit=False
        )
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = provider.get_tracer("deckhand", deckhand())
        self.end: Callable[[], None] = provider.shutdown
        """Send what has not been sent yet; it may take as long as the exporter's own time limit."""

    @contextmanager
    def _around(self, name: str, counted: AbstractContextManager[object], **about: str) -> Iterator[None]:
        """Whatever nobody asked for (a poll of the database) has no trace, and makes no span."""
        with counted:
            if not trace():
                yield
                return
            told = {"deckhand.trace": trace(), **_named(about)}
            with self._tracer.start_as_current_span(
                name, attributes=told, record_exception=False, set_status_on_exception=False
            ) as span:
                try:
                    yield
                except Exception as error:
                    span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                    raise

    def doing(self, what: str) -> AbstractContextManager[object]:
        first = not get_current_span().get_span_context().is_valid
        return self._around(cause() if first and cause() else what, self._counts.doing(what))

    def looking(self, host: str) -> AbstractContextManager[object]:
        return self._around("look", self._counts.looking(host), host=host)

    def transaction(self, kind: str) -> AbstractContextManager[object]:
        return self._around(f"database {kind}", self._counts.transaction(kind))

    def queued(self, queue: str) -> Callable[[], None]:
        return self._counts.queued(queue)

    def written(self, event: Event) -> None:
        self._counts.written(event)
        get_current_span().add_event(str(event.tag))

    def called_slack(self, method: str, outcome: str, seconds: float) -> None:
        self._counts.called_slack(method, outcome, seconds)
        if trace():
            ended = time.time_ns()
            self._tracer.start_span(
                f"slack {method}", kind=SpanKind.CLIENT, start_time=ended - int(seconds * NS),
                attributes={"deckhand.trace": trace(), **_named({"outcome": outcome})},
            ).end(ended)  # fmt: skip

    def paused_by_slack(self, seconds: float) -> None:
        self._counts.paused_by_slack(seconds)

    def watch(self, figures: Callable[[], Figures]) -> None:
        self._counts.watch(figures)


def _named(about: Mapping[str, str]) -> dict[str, str]:
    return {f"deckhand.{name}": value for name, value in about.items()}
