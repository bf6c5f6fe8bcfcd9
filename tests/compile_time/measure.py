#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles programs and holds what that costs against budgets.txt: measure.py COMPILER FLAG..."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from generate import program

HERE = pathlib.Path(__file__).parent
FEW, MANY = 10, 50
ROUNDS, MOST_ROUNDS = 3, 6


def cost(command, source):
    """User seconds and peak megabytes of one compilation, the compiler's children included."""
    environment = {**os.environ, "CCACHE_DISABLE": "1"}
    process = subprocess.Popen([*command, "-c", str(source), "-o", os.devnull], env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{source.name} does not compile")
    return usage.ru_utime, usage.ru_maxrss / 1024


def budgets():
    text = (HERE / "budgets.txt").read_text(encoding="utf-8")
    seconds, megabytes = re.search(r"^five_entities: ([\d.]+) s, ([\d.]+) MB$", text, re.MULTILINE).groups()
    growth = re.search(r"^growth: ([\d.]+)$", text, re.MULTILINE).group(1)
    return float(seconds), float(megabytes), float(growth)


def complaints(best):
    """What is over its budget, given the least cost of each program."""
    seconds, megabytes, growth = budgets()
    time, size = best["five_entities.cpp"]
    if time > seconds or size > megabytes:
        yield f"five_entities.cpp is over its {seconds} s or {megabytes:.0f} MB"
    for index, unit in enumerate(("s", "MB")):
        base, few, many = (best[f"entities_{count}.cpp"][index] for count in (0, FEW, MANY))
        one_of_few, one_of_many = (few - base) / FEW, (many - base) / MANY
        print(f"one entity among {FEW}: {one_of_few:.3f} {unit}; among {MANY}: {one_of_many:.3f} {unit}")
        if one_of_many > one_of_few * growth:
            yield f"the cost in {unit} grows faster than the number of entities"


def main():
    command = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        sources = [HERE / "five_entities.cpp"]
        for count in (0, FEW, MANY):
            sources.append(pathlib.Path(folder) / f"entities_{count}.cpp")
            sources[-1].write_text(program(count), encoding="utf-8")

        # The least of several rounds counts, as whatever else the machine does only ever adds.
        best = {}
        for number in range(1, MOST_ROUNDS + 1):
            for source in sources:
                measured = cost(command, source)
                best[source.name] = tuple(map(min, measured, best.get(source.name, measured)))
            if number < ROUNDS:
                continue
            for name, (time, size) in best.items():
                print(f"{name}: {time:.2f} s, {size:.0f} MB")
            over = list(complaints(best))
            if not over:
                return
    sys.exit("; ".join(over))


main()
