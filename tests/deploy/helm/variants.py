"""Values for the ways in which the chart is used."""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

Values = Mapping[str, Any]

ROOT = Path(__file__).parents[3]
CHART = ROOT / "deploy" / "helm"
DEFAULTS: Values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
CONFIG = """
[hosts.prod-3]
ssh = "deckhand@prod-3.example.com"
[policies.default]
look = ["*"]
quorum = 2
"""
HTTP = f'{CONFIG}[slack]\nmode = "http"\n'


def over(values: Values, more: Values) -> dict[str, Any]:
    """As Helm lays values over others."""
    laid = deepcopy(dict(values))
    for key, value in more.items():
        both = isinstance(value, Mapping) and isinstance(laid.get(key), Mapping)
        laid[key] = over(laid[key], value) if both else value
    return laid


SQLITE: Values = {
    "image": {"repository": "example/deckhand"}, "existingSecret": "deckhand", "config": CONFIG,
    "ssh": {"existingSecret": "deckhand-ssh"},
}  # fmt: skip
POSTGRESQL = over(SQLITE, {"database": "postgresql", "replicas": 3, "auditKey": True})
HTTP_MODE = over(POSTGRESQL, {"config": HTTP})
MONITORED = over(
    SQLITE,
    {
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "networkPolicy": {"metricsFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}]},
    },
)
EVERYTHING = over(
    over(HTTP_MODE, MONITORED),
    {
        "config": HTTP, "database": "postgresql",
        "image": {"digest": f"sha256:{'a' * 64}", "pullPolicy": "Always", "pullSecrets": [{"name": "registry"}]},
        "service": {"type": "LoadBalancer", "port": 8080, "annotations": {"example.com/internal": "true"}},
        "networkPolicy": {
            "slackFrom": [{"ipBlock": {"cidr": "192.0.2.0/24"}}],
            "egress": [{"ports": [{"port": 22}, {"port": 443}, {"port": 5432}]}],
        },
        "podAnnotations": {"example.com/team": "ops"}, "podLabels": {"team": "ops"},
        "priorityClassName": "high", "nodeSelector": {"disk": "local"},
        "tolerations": [{"key": "ops", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
        "extraEnv": [{"name": "SLACK_API_URL", "value": "https://slack-gov.example.com/api/"}],
        "extraVolumes": [{"name": "tls", "secret": {"secretName": "engine-tls"}}],
        "extraVolumeMounts": [{"name": "tls", "mountPath": "/run/secrets/tls", "readOnly": True}],
    },
)  # fmt: skip
CLAIMED = over(SQLITE, {
    "persistence": {"existingClaim": "mine"}, "upgradeJob": {"enabled": False}, "networkPolicy": {"enabled": False},
    "resources": None,
})  # fmt: skip
VARIANTS: Mapping[str, Values] = {
    "sqlite": SQLITE, "postgresql": POSTGRESQL, "http": HTTP_MODE, "monitored": MONITORED, "everything": EVERYTHING,
    "claimed": CLAIMED,
}  # fmt: skip
SECRETS = {
    "slack_bot_token": "xoxb-1", "slack_app_token": "xapp-1", "slack_signing_secret": "signing",
    "database_url": "sqlite:////nowhere/of-the-secret.db", "audit_key": "ab" * 32,
}  # fmt: skip
"""What is in the Secret that is there already; its database is one that the tests can reach."""
