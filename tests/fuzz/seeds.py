"""Where fuzzing starts: texts of every section, and the words that they are made of."""

from polyaxon_airflow.explain import keys
from polyaxon_airflow.polyaxonfile.operation import Operation
from polyaxon_airflow.runtimes import RUNTIME
from polyaxon_airflow.sections.io import IO
from polyaxon_airflow.sections.kubernetes import Container

FILES = [
    """\
kind: component
name: a
inputs:
- {name: lr, type: float, value: 0.1, validation: {gt: 0}}
run: {kind: job, container: {image: a, args: ['{{ lr }}', '{{ params.as_args }}']}}
""",
    """\
kind: operation
params: {lr: '0.1', x: {value: [1, {a: b}], toEnv: X}}
patchStrategy: pre_merge
runPatch: {container: {args: [b]}}
component:
  inputs: [{name: lr, type: float}]
  run: {kind: job, container: {image: a, args: [a]}}
""",
    """\
matrix:
  {kind: random, numRuns: 3, params: {lr: {kind: uniform, value: '0:1'}, n: {kind: choice, value: [1, 2]}}}
cmd: echo {{ lr }}
container: {image: a}
env: {A: b}
resources: {cpu: 1..2, gpu: 1}
""",
    """\
run:
  kind: dag
  concurrency: 2
  components:
  - {name: c, outputs: [{name: loss, type: float}], run: {kind: job}}
  operations:
  - {name: a, dagRef: c}
  - name: b
    dependencies: [a]
    params: {x: {ref: ops.a, value: outputs.loss}}
    run: {kind: job, container: {image: a, args: ['{{ x }}']}}
""",
    """\
run: {kind: tfjob, chief: {container: {image: a}}, worker: {replicas: 2, container: {image: b}}}
env: {A: b}
""",
    """\
run: {kind: raycluster, head: {container: {image: a}}, workers: {w: {replicas: 1, container: {image: a}}}}
""",
    """\
schedule: {kind: cron, cron: '0 4 * * *', startAt: 2026-01-01}
run: {kind: service, ports: [80], container: {image: a}}
""",
    """\
hooks: [{hubRef: slack, trigger: failed}]
build: {hubRef: kaniko}
cache: {ttl: 1, io: [a]}
termination: {timeout: 1}
plugins: {shm: true}
conditions: '{{ 1 > 0 }}'
run: {kind: job}
""",
    """\
joins:
- {query: 'metrics.loss:>0', params: {u: {value: globals.uuid, contextOnly: true}}}
run: {kind: job}
""",
    """\
a: &a {x: [1, 2]}
b: {<<: *a, y: 1}
run: {kind: job, init: [{git: {url: u}}, {paths: [[a, b]], connection: c}]}
""",
]
TEMPLATES = [
    "{{ lr }}",
    "{% for layer in layers %}{{ layer }}{% endfor %}",
    "{{ layers | map('map_format', '%s/x') | join(',') }}",
    "{% if flag and lr < 1 %}a{% else %}{{ name ~ lr }}{% endif %}",
    "{% set x = layers + [1] %}{{ x | length }}{{ range(3) | list }}",
    "{{ text.replace('w', 'ww').upper() | indent(4) }}{{ tags['items'][1].b }}",
    "{{ '%.2f' | format(lr) }}{{ 2 ** 3 }}{{ tags | dictsort | tojson }}{{ layers | batch(2, 0) | list }}",
]
SEEDS = {"reader": FILES, "templates": TEMPLATES}

DICTIONARY = {
    "reader": sorted(
        {*(f"{key}: " for key in (*keys(Operation), *keys(IO), *keys(Container))), *RUNTIME.names()}
        | {
            "{{ ",
            " }}",
            "&a ",
            "*a",
            "<<: ",
            "!!str ",
            "- ",
            "[",
            "]",
            "{",
            "}",
            "null",
            "true",
            "1.0",
            "2026-01-01",
        }
    ),
    "templates": sorted(
        {
            "{{ ",
            " }}",
            "{% ",
            " %}",
            "for x in ",
            "endfor",
            "if ",
            "endif",
            "set x = ",
            "range(",
            "lr",
            "name",
            "layers",
        }
        | {
            " | ",
            "join",
            "map(",
            "replace(",
            "format(",
            "tojson",
            "list",
            ".__class__",
            " ~ ",
            " * ",
            " ** ",
            "9999999",
        }
        | {
            "['items']",
            "text",
            "globals",
            "params.as_args",
            "slice(",
            "center(",
            "dict(",
            ".items()",
            "loop.index",
        }
    ),
}
