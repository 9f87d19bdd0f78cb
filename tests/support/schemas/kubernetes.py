"""Whether documents are what Kubernetes takes, by the schemas of one of its releases."""

import json
from collections.abc import Iterator
from pathlib import Path

from tests.support.schemas.json_schema import JSON, problems

BASE = "/api/_definitions.json"
MONITORS = {"group": "monitoring.coreos.com", "version": "v1", "kind": "ServiceMonitor"}
MONITOR: JSON = {
    "type": "object",
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "additionalProperties": False,
    "properties": {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"$ref": "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"},
        "spec": {
            "type": "object",
            "required": ["selector", "endpoints"],
            "additionalProperties": False,
            "properties": {
                "selector": {"$ref": "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector"},
                "endpoints": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["port"],
                        "additionalProperties": False,
                        "properties": {
                            "port": {"type": "string"},
                            "path": {"type": "string", "pattern": "^/"},
                            "interval": {"type": "string", "pattern": "^[0-9]+[sm]$"},
                        },
                    },
                },
            },
        },
    },
}
"""Of a ServiceMonitor as much as ours has, by its documentation: Kubernetes does not know the kind itself."""


class Schemas:
    """Those of one release, as a file has them."""

    def __init__(self, file: Path) -> None:
        # Each reference leads to this one file.
        self._root: JSON = json.loads(file.read_text(encoding="utf-8").replace(f'"{BASE}#', '"#'))
        self._kinds = {
            _named(kind): schema
            for schema in self._root["$defs"].values()
            for kind in schema.get("x-kubernetes-group-version-kind", ())
        } | {_named(MONITORS): MONITOR}

    def problems(self, document: JSON) -> Iterator[str]:
        """What in a document is not as its kind's schema says, each with its place."""
        schema = self._kinds.get((document["apiVersion"], document["kind"]))
        if schema is None:
            yield f"{document['apiVersion']} has no {document['kind']}"
        else:
            yield from problems(document, schema, self._root, document["kind"])


def _named(kind: JSON) -> tuple[str, str]:
    group = kind["group"]
    return f"{group}/{kind['version']}" if group else kind["version"], kind["kind"]
