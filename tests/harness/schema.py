#!/usr/bin/env python3
"""Validates JSON against a JSON schema, and checks that the schema is of use: a copy without any one of
the members that it requires has to be refused.

Usage: schema.py SCHEMA FILE   (Debian's python3-jsonschema)
"""
import copy
import json
import sys

from jsonschema import Draft202012Validator


def required(schema, value, way=()):
    """Paths of all required members of the value, of the first element of arrays."""
    if isinstance(value, dict):
        for name in schema.get("required", ()):
            yield (*way, name)
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                yield from required(inner, value[name], (*way, name))
    if isinstance(value, list) and value and "items" in schema:
        yield from required(schema["items"], value[0], (*way, 0))


def without(value, way):
    value = copy.deepcopy(value)
    inner = value
    for step in way[:-1]:
        inner = inner[step]
    del inner[way[-1]]
    return value


def main():
    with open(sys.argv[1]) as schema_file, open(sys.argv[2]) as file:
        schema, value = json.load(schema_file), json.load(file)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    faults = [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]
    ways = [] if faults else list(required(schema, value))
    faults += [f"{way} may be missing" for way in ways if validator.is_valid(without(value, way))]
    for fault in faults:
        print(f"{sys.argv[2]}: {fault}")
    if not faults:
        print(f"valid, {len(ways)} required members")
    return 1 if faults else 0


sys.exit(main())
