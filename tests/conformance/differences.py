"""Where we differ from the official package on purpose; each is a row of docs/differences.md."""

# Verdicts of `check` (polyaxon 2.18.0, `check_polyaxonfile`) that ours are not; by case, with the row of the page.
VERDICTS = {
    "m-qs-scheduling-experimentation-simple--map-to-ref-run-init-0-git": "a template may stand for git",
    "w-dag-nested-bad": "inner dags are checked",
    "w-io-delay-validation-snake": "delay_validation delays",
    "w-matrix-grid-empty-params": "a grid without params",
    "w-yaml11-big-int-str": "numbers above 64 bits",
    "w-yaml11-recursive-alias": "aliases that hold themselves",
}
