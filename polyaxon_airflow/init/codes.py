"""Exit codes of init steps, after <sysexits.h>, so that a person and a retry policy can tell them apart."""

from __future__ import annotations

USAGE = 64  # the step was asked for something that it cannot mean: the polyaxonfile is wrong
MISSING = 66  # what it should fetch is not there
SOFTWARE = 70  # a fault of this package
PROGRAM = 72  # a program that it needs, such as git, is not in the image
TARGET = 73  # the target cannot be written
TEMPORARY = 75  # the other side does not answer now; a retry may help
REFUSED = 77  # the other side refuses: credentials that are missing or wrong
