"""`python -m bench NAME [OPTIONS]`: run bench/NAME.py; `all`: every one, one after the other."""

import runpy
import sys
from pathlib import Path


def names():
    """The benches: files of this folder that can be run."""
    files = sorted(Path(__file__).parent.glob("[a-z]*.py"))
    return [file.stem for file in files if 'if __name__ == "__main__":' in file.read_text()]


def main():
    name, *options = sys.argv[1:] or ["all"]
    if name not in ("all", *names()):
        sys.exit(f"no bench is called '{name}'; there are: {', '.join(names())}")
    for each in names() if name == "all" else [name]:
        sys.argv = [f"bench/{each}.py", *options]
        runpy.run_module(f"bench.{each}", run_name="__main__")


if __name__ == "__main__":
    main()
