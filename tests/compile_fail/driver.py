#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that one misuse does not compile and is answered with its sentence: driver.py CASE COMPILER FLAG...

A case is a whole program with a line "// expect: <the sentence>". With -DKIN_CONTROL it must compile, so that nothing
but the misuse stops it; without, the first error (or else the first failed static assertion) must hold the sentence.
"""
import re
import subprocess
import sys


def compile_case(command, *extra):
    return subprocess.run([*command, *extra], stdin=subprocess.DEVNULL, capture_output=True, text=True)


def fail(reason, output):
    print(reason, output, sep="\n\n")
    sys.exit(1)


def main():
    case, *compiler = sys.argv[1:]
    with open(case, encoding="utf-8") as file:
        text = file.read()
    expected = re.findall(r"^// expect: (.+?)\s*$", text, re.MULTILINE)
    if len(expected) != 1:
        fail(f"{case} needs exactly one line '// expect: <sentence>'", "")
    if "KIN_CONTROL" not in text:
        fail(f"{case} has no control: with KIN_CONTROL defined it should be the correct program", "")
    command = [*compiler, "-fsyntax-only", "-fno-diagnostics-color", case]

    control = compile_case(command, "-DKIN_CONTROL")
    if control.returncode != 0:
        fail("The control does not compile, so the case proves nothing.", control.stderr)
    misuse = compile_case(command)
    if misuse.returncode == 0:
        fail("The misuse compiles.", "")

    errors = [line for line in misuse.stderr.splitlines() if re.search(r"\berror:", line)]
    assertions = [line for line in errors if re.search(r"static[ _]assert", line)]
    if not any(expected[0] in line for line in errors[:1] + assertions[:1]):
        fail(f"The sentence is missing: {expected[0]}", misuse.stderr)


main()
