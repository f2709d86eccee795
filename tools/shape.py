#!/usr/bin/env python3
"""The shape of the code: lengths of functions and files, share of static functions, share of comment; the documented
assumptions. Fails where a hard limit is passed.

usage: shape.py [--assumptions]
"""
import collections
import json
import pathlib
import statistics
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
FUNCTION_LIMIT = 80
FILE_LIMIT = 800
MEDIAN_LIMIT = 20
OVER_60_SHARE = 0.03
STATIC_SHARE = 0.5


def functions():
    files = sorted(str(p) for p in (TOP / "src").rglob("*.c"))
    out = subprocess.run(["ctags", "--output-format=json", "--c-kinds=f", "--fields=+ne", "--extras=+F", "-f", "-"] + files,
                         capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        tag = json.loads(line)
        if tag.get("kind") == "function" and "end" in tag:
            yield tag["path"], tag["name"], tag["end"] - tag["line"] + 1, bool(tag.get("file"))


def assumptions():
    for path in sorted((TOP / "src").rglob("*.[ch]")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if "ASSUMPTION:" in line:
                yield f"{path.relative_to(TOP)}:{number}: {line.split('ASSUMPTION:')[1].strip(' */')}"


def main():
    if "--assumptions" in sys.argv:
        print("\n".join(assumptions()))
        return 0
    found = list(functions())
    lengths = sorted(f[2] for f in found)
    faults = [f"{pathlib.Path(p).relative_to(TOP)}: {n} has {length} lines (limit {FUNCTION_LIMIT})"
              for p, n, length, _ in found if length > FUNCTION_LIMIT]
    sizes = {p: len(p.read_text().splitlines()) for p in (TOP / "src").rglob("*.[ch]")}
    faults += [f"{p.relative_to(TOP)}: {n} lines (limit {FILE_LIMIT})" for p, n in sizes.items() if n > FILE_LIMIT]
    static = sum(f[3] for f in found) / max(1, len(found))
    over = sum(n > 60 for n in lengths) / max(1, len(lengths))
    median = statistics.median(lengths)
    if median > MEDIAN_LIMIT:
        faults.append(f"median function length {median} (limit {MEDIAN_LIMIT})")
    if over > OVER_60_SHARE:
        faults.append(f"{over:.1%} of the functions are over 60 lines (limit {OVER_60_SHARE:.0%})")
    if static < STATIC_SHARE:
        faults.append(f"{static:.0%} of the functions are static (at least {STATIC_SHARE:.0%})")
    by_layer = collections.Counter(p.relative_to(TOP / "src").parts[0] for p in sizes for _ in range(sizes[p]))
    print(f"shape: {len(found)} functions, median {median:g} lines, 90th percentile {lengths[len(lengths) * 9 // 10]}, longest {lengths[-1]}, "
          f"over 60 lines {over:.1%}, static {static:.0%}")
    print(f"shape: {len(sizes)} files, longest {max(sizes.values())} lines; lines a layer: "
          + ", ".join(f"{layer} {n}" for layer, n in by_layer.most_common()))
    print(f"shape: {sum(1 for _ in assumptions())} marked assumptions (tools/shape.py --assumptions lists them)")
    for fault in faults:
        print("shape:", fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
