#!/usr/bin/env python3
"""Writes history_otava*.csv for tests/bench/test_history_otava.c: what Apache Otava's program finds in
what conv4 writes for it.

history_otava.csv         a history of noise and steps, as `conv4 bench history --format otava` wrote it
history_otava_points.csv  the change points that `otava analyze` printed for that file
Usage: make_history.py FOLDER CONV4   (Python 3.11, NumPy 2.2, apache-otava 0.8.0 with its `otava` on PATH)
"""
import csv
import json
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np

FOLDER, CONV4 = Path(sys.argv[1]), sys.argv[2]
RANDOM = np.random.default_rng(20261129)
COMMITS = 100
# Relative noise, and steps as (index, factor).
ROWS = {"quiet": (0.002, ()), "one": (0.01, ((60, 1.03),)), "two": (0.01, ((30, 0.94), (70, 1.05))),
        "late": (0.005, ((96, 1.06),)), "spike": (0.01, ((50, 1.3), (51, 1 / 1.3))),
        "noisy": (0.08, ((40, 1.2),))}
OPTIONS = (("0.001", "50", "0"), ("0.05", "30", "0"), ("0.001", "50", "0.05"))


def line(commit, row, value):
    time = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(hours=7 * commit)
    return {"schema": "conv4-history", "version": 1, "commit": f"{commit:040x}",
            "committed_utc": time.strftime("%Y-%m-%dT%H:%M:%SZ"), "recorded_utc": "2026-05-01T00:00:00Z",
            "benchmark": "step", "row": row, "batch": 32, "threads": 1, "unit": "s", "exact": False,
            "median": value, "low": None, "high": None, "samples": [value],
            "environment": {"key": "0123456789ab", "text": "a machine"}}


def write_history(path):
    values = {}
    for row, (noise, steps) in ROWS.items():
        series = 20 * (1 + noise * RANDOM.standard_normal(COMMITS))
        for index, factor in steps:
            series[index:] *= factor
        values[row] = np.round(series, 4)
    with open(path, "w") as file:
        for commit in range(COMMITS):
            for row in ROWS:
                file.write(json.dumps(line(commit, row, float(values[row][commit]))) + "\n")


def write_config(path, table):
    with open(table) as file:
        columns = file.readline().strip().split(",")[2:]
    with open(path, "w") as file:
        file.write("tests:\n  conv4:\n    type: csv\n    file: %s\n    time_column: time\n"
                   "    attributes: [commit]\n    metrics:\n" % table)
        for column in columns:
            file.write('      "%s": {direction: -1}\n' % column)
    return columns


def points(config, columns, max_p, window, magnitude):
    words = ["otava", "analyze", "conv4", "--config-file", str(config), "--output", "json", "-P", max_p,
             "--window", window, "-M", magnitude]
    found = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    changes = [change for group in found["conv4"] for change in group["changes"]]
    for column in columns:
        own = sorted(int(change["index"]) for change in changes if change["metric"] == column)
        yield column, max_p, window, magnitude, " ".join(map(str, own))


def main():
    with tempfile.TemporaryDirectory() as work:
        history, config, table = Path(work) / "h.ndjson", Path(work) / "otava.yaml", FOLDER / "history_otava.csv"
        write_history(history)
        with open(table, "w") as file:
            subprocess.run([CONV4, "bench", "history", history, "--format", "otava"], check=True, stdout=file)
        columns = write_config(config, table)
        with open(FOLDER / "history_otava_points.csv", "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("series", "max_p", "window", "min_change", "indices"))
            for options in OPTIONS:
                writer.writerows(points(config, columns, *options))


main()
