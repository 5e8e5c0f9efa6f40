"""Where we differ from the official package on purpose.

Each case names a row of docs/differences.md. A disagreement that is not listed fails its test, and so does a listed
case that agrees.
"""

# `check` (acceptance of a whole file: read, references, compile, params, dag).
VERDICTS = {
    "m-qs-scheduling-experimentation-simple--map-to-ref-run-init-0-git": "template-for-git",
    "w-dag-nested-bad": "inner-dags",
    "w-io-delay-validation-snake": "delay-validation",
    "w-matrix-grid-empty-params": "empty-grid",
    "w-yaml11-big-int-str": "big-numbers",
    "w-yaml11-recursive-alias": "recursive-alias",
}

# The parser alone.
READ = {
    "m-qs-scheduling-experimentation-simple--map-to-ref-run-init-0-git": "template-for-git",
    "w-kind-compiled-operation": "compiled-operation",
    "w-kind-compiled-operation-contexts": "compiled-operation",
    "w-yaml11-recursive-alias": "recursive-alias",
}

# What a file is read as.
NORMALISED = {
    "py-io-validation-test-backwards-compatibility": "delay-validation",
    "w-io-delay-validation-snake": "delay-validation",
    "w-matrix-grid-empty-params": "empty-grid",
    "w-yaml11-binary-tag": "binary",
}

MERGES = {
    "merge-apply-preset-flow-default": "preset-cost",
    "merge-apply-preset-flow-replace": "preset-cost",
    "merge-mount-default": "mount-merge",
}

# Cases that do not compile on one side (VERDICTS), or that compile to something else.
COMPILED = {
    **VERDICTS,
    "ex-sklearn-digits-polyaxonfile": "input-declared-twice",
    "w-io-input-output-same-name": "input-declared-twice",
    "w-yaml11-binary-tag": "binary",
}

RESOLVED = {
    "ctx-daskcluster": "whole-run-rendered",
    "ctx-raycluster": "whole-run-rendered",
    "ctx-tfjob": "as-args",
    "doc-docs-scheduling-scheduling-strategies-node-scheduling-b05-frun": "ellipsis",
    "doc-integrations-data-stores-data-on-azure-b05": "ellipsis",
    "doc-integrations-data-stores-data-on-gcs-b06": "ellipsis",
    "doc-integrations-data-stores-data-on-host-path-b06": "ellipsis",
    "doc-integrations-data-stores-data-on-s3-b05": "ellipsis",
    "doc-ref-specification-environment-b05-froot": "ellipsis",
    "doc-ref-specification-environment-b05-frun": "ellipsis",
    "doc-setup-connections-schemas-b03": "ellipsis",
    "w-yaml11-big-int": "big-numbers",
}

PARAMS = {
    "param-call-repeated": "repeated-param",
    "param-timedelta-zero": "zero-timedelta",
}
