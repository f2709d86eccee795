#!/usr/bin/env python3
"""The labelled cases of netbt diagnose, expected against found, from the results of the tests.

usage: matrix.py [-o FILE] JUNIT.XML...       prints the table (and writes it to FILE); exit 1 if a case came out wrong, or if there is none
"""
import argparse
import collections
import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

from label import CAUSES, NOTHING, PROPERTY

ROWS = (*CAUSES, NOTHING)
FAILED = "failed"


def read(paths):
    """The records that label.py left in junit files."""
    return [json.loads(tag.get("value")) for path in paths for tag in ElementTree.parse(path).iter("property") if tag.get("name") == PROPERTY]


def table(records):
    counts = collections.Counter((expected, found) for record in records for expected, found in record["rows"])
    columns = (*ROWS, FAILED)
    lines = ["Labelled cases of netbt diagnose: the cause that was built (rows) against what was found (columns)", "",
             " " * 27 + "".join(f"{i + 1:>4}" for i in range(len(ROWS))) + "  failed"]
    for i, row in enumerate(ROWS):
        cells = "".join(f"{counts[row, column] or '.':>{8 if column == FAILED else 4}}" for column in columns)
        lines.append(f"{i + 1:>2} {row:<24}{cells}")
    return lines


def summary(records):
    wrong = [record for record in records if record["wrong"]]
    unlike = collections.Counter(cause for record in records for cause, _named in record["unlike"])
    mistaken = sum(named for record in records for _cause, named in record["unlike"])
    lines = ["", f"{len(records)} cases: {len(records) - len(wrong)} right, {len(wrong)} wrong",
             f"look-alikes of a cause that must not be named: {sum(unlike.values())}, of them named: {mistaken}"]
    lines += [f"    {cause} {unlike[cause]}" for cause in CAUSES if unlike[cause]]
    for record in wrong:
        lines += ["", f"WRONG  {record['case']}"] + [f"    {problem}" for problem in record["wrong"]]
    return lines


def text(records):
    return "\n".join(table(records) + summary(records)) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", dest="output", type=pathlib.Path)
    parser.add_argument("logs", nargs="+")
    args = parser.parse_args()
    records = read(args.logs)
    shown = text(records)
    print(shown, end="")
    if args.output:
        args.output.write_text(shown)
    return 1 if not records or any(record["wrong"] for record in records) else 0


if __name__ == "__main__":
    sys.exit(main())
