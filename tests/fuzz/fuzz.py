"""Coverage-guided fuzzing with atheris; see `make fuzz`.

    python tests/fuzz/fuzz.py {reader,templates} [libFuzzer options] [folders of seeds]

Useful options: -max_total_time=60, -timeout=10, -rss_limit_mb=1024. An input that breaks something is written to
`crash-*`; it belongs in tests/fuzz/test_found.py.
"""

import sys
import tempfile
from pathlib import Path

import atheris

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

with atheris.instrument_imports(include=["polyaxon_airflow", "yaml"]):
    from tests.fuzz import targets
    from tests.fuzz.seeds import DICTIONARY, SEEDS

TARGETS = {"reader": targets.read_file, "templates": targets.render}


def main():
    target = TARGETS[sys.argv[1]]

    def one(data):
        target(data.decode("utf-8", errors="ignore"))

    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder) / "seeds"
        seeds.mkdir()
        for number, seed in enumerate(SEEDS[sys.argv[1]]):
            (seeds / str(number)).write_text(seed)
        words = Path(folder) / "words"
        words.write_text("".join(f'"{word}"\n' for word in DICTIONARY[sys.argv[1]]))
        options = [
            "-timeout=10",
            "-rss_limit_mb=1024",
            "-max_len=4096",
            f"-dict={words}",
            *sys.argv[2:],
            str(seeds),
        ]
        atheris.Setup([sys.argv[0], *options], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
