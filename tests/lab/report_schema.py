"""Every JSON that netbt diagnose prints in a test is held to the published schema, and to what INTERFACE promises of the causes."""
import copy
import datetime
import json
import pathlib

import jsonschema

SCHEMA = json.loads((pathlib.Path(__file__).resolve().parent.parent.parent / "dist" / "diagnose.schema.json").read_text())
CAUSES = SCHEMA["$defs"]["cause"]["enum"]
FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def is_time(value):
    return not isinstance(value, str) or (value.endswith("Z") and datetime.datetime.fromisoformat(value[:-1] + "+00:00") is not None)


def strict(schema):
    """The schema without room for what it does not name: readers must bear more than they know, but we must publish all we print."""
    if isinstance(schema, dict):
        made = {key: strict(value) for key, value in schema.items()}
        if "properties" in made:
            made["additionalProperties"] = False
        return made
    return [strict(item) for item in schema] if isinstance(schema, list) else copy.copy(schema)


VALIDATOR = jsonschema.Draft202012Validator(strict(SCHEMA), format_checker=FORMATS)


def check_report(document):
    """Fails unless the document is as published, and every cause stands in exactly one of the three lists."""
    VALIDATOR.validate(document)
    stands = [{finding["cause"] for finding in document["findings"]},
              *[[note["cause"] for note in document[key]] for key in ("ruled_out", "not_checked")]]
    assert sorted(cause for group in stands for cause in group) == sorted(CAUSES), stands
    return document
