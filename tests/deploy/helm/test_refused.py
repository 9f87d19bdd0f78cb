"""Values that cannot work are refused before anything reaches a cluster, with what to do instead."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bot.config.environment import SECRETS
from tests.deploy.helm.conftest import Helm
from tests.deploy.helm.variants import (
    CHART,
    CONFIG,
    DEFAULTS,
    HTTP,
    MONITORED,
    POSTGRESQL,
    SQLITE,
    Values,
    over,
)

ARCHIVED = f'{CONFIG}[audit]\narchive_after = "400d"\narchive_to = '


CLOSED = "is not reached from outside the pod. Leave it out, or write 0.0.0.0"
LOST = "is on no volume that outlives the pod. Write an absolute path below one of extraVolumeMounts"


def configured(text: str, values: Values = SQLITE) -> Values:
    return over(values, {"config": text})


MATCHLESS = [
    (
        over(SQLITE, {"replicas": 2}),
        "replicas: SQLite carries one bot, and this asks for 2. Write replicas: 1, or take database: postgresql.",
    ),
    (over(POSTGRESQL, {"replicas": 10}), "Write at most 9 instead of 10, or take HTTP mode."),
    (over(SQLITE, {"image": {"repository": ""}}), "image.repository: name the image that you built"),
    (over(SQLITE, {"existingSecret": ""}), "existingSecret: name a Secret with slack_bot_token"),
    (configured(""), "config: is the whole deckhand.toml: --set-file config=deckhand.toml."),
    (configured(f"metrics = 9797\n{CONFIG}"), "config: metrics is a table. Write it as [metrics]"),
    (configured("[hosts"), "config: is not TOML: toml: line 1"),
    (configured(f'{CONFIG}[metrics]\nlisten = "off"\n'), f'[metrics] listen = "off" {CLOSED}:9797.'),
    (
        configured(f'{CONFIG}[metrics]\nlisten = "127.0.0.1:9797"\n'),
        f'[metrics] listen = "127.0.0.1:9797" {CLOSED}:9797.',
    ),
    (configured(f'{HTTP}listen = "localhost:3000"\n'), f'[slack] listen = "localhost:3000" {CLOSED}:3000.'),
    (
        configured(f'{CONFIG}[database]\nurl = "postgresql://a:b@db/c"\n'),
        "write database: postgresql, and put the address into existingSecret as database_url.",
    ),
    (
        configured(f'{CONFIG}[database]\nurl = "postgresql://a:b@db/c"\n', POSTGRESQL),
        "[database] url would stand in a ConfigMap. Take it out, and put the address into existingSecret as",
    ),
    (
        configured(f'{CONFIG}[database]\nurl = "sqlite:////tmp/deckhand.db"\n'),
        f'[database] url = "sqlite:////tmp/deckhand.db" {LOST}, or below /var/lib/deckhand.',
    ),
    (
        configured(f'{ARCHIVED}"archive"\n'),
        f'[audit] archive_to = "archive" {LOST}, or below /var/lib/deckhand.',
    ),
    (configured(f'{ARCHIVED}"/var/lib/deckhand/archive"\n', POSTGRESQL), f"{LOST}."),
    (
        over(MONITORED, {"networkPolicy": {"metricsFrom": []}}),
        "networkPolicy.metricsFrom: Prometheus could not reach the metrics. Name its pods or its namespace there.",
    ),
]
OF_THE_CHART = [name for secret in (*SECRETS, "DECKHAND_CONFIG") for name in (secret, f"{secret}_FILE")]


@pytest.mark.parametrize(("values", "said"), MATCHLESS)
def test_what_does_not_go_together_is_told_with_what_to_write_instead(
    helm: Helm, values: Values, said: str
) -> None:
    assert said in helm.refused(values)


@pytest.mark.parametrize("name", OF_THE_CHART)
def test_no_secret_stands_in_values(helm: Helm, name: str) -> None:
    said = helm.refused(over(SQLITE, {"extraEnv": [{"name": name, "value": "x"}]}))
    assert f"extraEnv: {name} is the chart's own. Secrets are keys of existingSecret" in said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"replica": 3}, "additional properties 'replica' not allowed"),
        ({"image": {"repositry": "x"}}, "at '/image': additional properties 'repositry' not allowed"),
        ({"image": {"digest": "abc"}}, "at '/image/digest': 'abc' does not match pattern"),
        ({"image": {"repository": "x@sha256:1"}}, "at '/image/repository'"),
        ({"database": "mysql"}, "at '/database': value must be one of 'sqlite', 'postgresql'"),
        ({"replicas": "3"}, "at '/replicas': got string, want integer"),
        ({"replicas": -1}, "at '/replicas': minimum: got -1, want 0"),
        ({"persistence": {"size": "5 gigabytes"}}, "at '/persistence/size'"),
        ({"existingSecret": "Not A Name"}, "at '/existingSecret'"),
        ({"config": {"hosts": {}}}, "at '/config': got object, want string"),
        ({"serviceMonitor": {"enabled": "yes"}}, "at '/serviceMonitor/enabled': got string, want boolean"),
        ({"extraVolumeMounts": [{"name": "x", "mountPath": "relative"}]}, "at '/extraVolumeMounts/0/mountPath'"),
        ({"service": {"port": 70000}}, "at '/service/port': maximum: got 70,000, want 65,535"),
    ],
)  # fmt: skip
def test_a_value_that_is_none_is_named_with_its_place(helm: Helm, more: Values, said: str) -> None:
    assert said in helm.refused(over(SQLITE, more))


@pytest.mark.parametrize("url", ["sqlite:///deckhand.db", "sqlite:////var/lib/deckhand/deckhand.db"])
def test_a_database_on_the_claim_is_taken(helm: Helm, url: str) -> None:
    helm.rendered(configured(f'{CONFIG}[database]\nurl = "{url}"\n'))


def test_an_archive_on_a_volume_of_ones_own_is_taken(helm: Helm) -> None:
    mounted = {
        "extraVolumes": [{"name": "archive", "persistentVolumeClaim": {"claimName": "archive"}}],
        "extraVolumeMounts": [{"name": "archive", "mountPath": "/archive"}],
    }
    helm.rendered(over(over(POSTGRESQL, mounted), {"config": f'{ARCHIVED}"/archive/audit"\n'}))
    helm.rendered(over(SQLITE, {"config": f'{ARCHIVED}"/var/lib/deckhand/archive"\n'}))
    assert "on no volume" in helm.refused(
        over(over(POSTGRESQL, mounted), {"config": f'{ARCHIVED}"/archived"\n'})
    )


def test_the_schema_knows_every_value_that_there_is_and_no_other() -> None:
    def compared(values: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
        schema = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        known = schema.get("properties", {})
        if schema.get("additionalProperties") is False:
            assert values.keys() == known.keys() - {"global"}
        for key, value in values.items():
            if isinstance(value, Mapping) and key in known:
                compared(value, known[key])

    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    definitions = schema["definitions"]
    assert schema["additionalProperties"] is False
    compared(DEFAULTS, schema)
