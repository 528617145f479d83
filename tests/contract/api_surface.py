"""What readers of the API may rely on, read off its OpenAPI document. At a release, keep what it then is:

python -m tests.contract.api_surface < services/api/openapi.json > tests/contract/api_v1.json
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
_REF = "#/components/schemas/"


def surface(document: Json) -> Json:
    """Operations: scope, parameters with whether each is required, answers. Schemas: fields, whether we take them."""
    schemas = document["components"]["schemas"]
    taken = _reachable(
        [body for _, operation in _operations(document) if (body := operation.get("requestBody"))], schemas
    )
    return {
        "operations": {
            name: {
                "scope": operation["x-scope"],
                "parameters": {f"{each['in']} {each['name']}": each["required"] for each in operation["parameters"]},
                "answers": sorted(status for status in operation["responses"] if status < "400"),
            }
            for name, operation in _operations(document)
        },
        "schemas": {
            name: {
                "taken": name in taken,
                "fields": sorted(schema.get("properties", ())),
                "required": sorted(schema.get("required", ())),
                "values": schema.get("enum", []),
            }
            for name, schema in schemas.items()
        },
    }


def _operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield f"{method.upper()} {path}", {"parameters": []} | operation


def _reachable(roots: list[Any], schemas: Json) -> set[str]:
    """Names of the schemas that these lead to."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        text = json.dumps(waiting.pop())
        new = {part.split('"')[0] for part in text.split(_REF)[1:]} - found
        found |= new
        waiting += [schemas[name] for name in new]
    return found


if __name__ == "__main__":
    json.dump(surface(json.load(sys.stdin)), sys.stdout, indent=1)
    sys.stdout.write("\n")
