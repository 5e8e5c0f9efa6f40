"""The faults that are planted in polyaxonfiles; see mutants.py for what a mutant is."""

import yaml

from bench.mutants import Mutant, is_scalar, line_of, misspell, pick, substitute

# Keys below which users name things themselves.
OWN = {
    "params", "env", "labels", "annotations", "nodeSelector", "resources", "limits", "requests", "value", "metadata",
    "runtimeEnv", "workers", "rayStartParams", "options", "volumes", "affinity", "securityContext", "lifecycle",
    "valueFrom", "values",
}  # fmt: skip
SECTIONS = {
    "run", "container", "inputs", "outputs", "params", "matrix", "schedule", "termination", "environment", "plugins",
    "hooks", "cache", "init", "connections", "component", "operations", "components", "dependencies", "events",
    "runPatch", "tags", "image", "command", "args", "name", "type", "isOptional", "numRuns", "concurrency", "maxRetries",
    "timeout", "nodeSelector", "tolerations", "trigger", "conditions", "metric", "optimization", "earlyStopping", "cron",
    "frequency", "dagRef", "git", "url", "revision", "description", "queue", "ports", "replicas", "worker", "value",
}  # fmt: skip
KINDS = {
    "job", "service", "dag", "tfjob", "pytorchjob", "mpijob", "raycluster", "daskcluster", "grid", "random", "hyperband",
    "bayes", "tpe", "mapping", "iterative", "choice", "uniform", "loguniform", "linspace", "range", "cron", "interval",
    "datetime", "median", "diff", "truncation", "metric_early_stopping", "failure_early_stopping", "component",
    "operation",
}  # fmt: skip
ENUMS = {
    "trigger": {"all_succeeded", "all_failed", "all_done", "one_succeeded", "one_failed", "one_done", "succeeded",
                "failed", "stopped", "done"},
    "optimization": {"maximize", "minimize"},
    "restartPolicy": {"Always", "OnFailure", "Never"},
    "patchStrategy": {"replace", "isnull", "post_merge", "pre_merge"},
}  # fmt: skip
TYPES = {
    "int",
    "float",
    "str",
    "bool",
    "dict",
    "path",
    "git",
    "image",
    "artifacts",
    "dockerfile",
    "metric",
    "uuid",
}


def is_ours(site):
    """Whether a key is Polyaxon's, not the user's own."""
    return site.name in SECTIONS and not any(step in OWN for step in site.path[:-1])


def misspelt_key(rng, name, text, sites):
    site = pick(rng, sites, is_ours)
    if site is None:
        return None
    wrong = misspell(rng, site.name)
    return Mutant(
        name, "misspelt key", substitute(text, site.key, wrong), frozenset({line_of(site.key)}), site.name
    )


def misspelt_kind(rng, name, text, sites):
    site = pick(
        rng, sites, lambda site: site.name == "kind" and is_scalar(site.value) and site.value.value in KINDS
    )
    if site is None:
        return None
    wrong = misspell(rng, site.value.value)
    return Mutant(
        name,
        "misspelt kind",
        substitute(text, site.value, wrong),
        frozenset({line_of(site.value)}),
        site.value.value,
    )


def misspelt_value(rng, name, text, sites):
    site = pick(
        rng, sites, lambda site: is_scalar(site.value) and site.value.value in ENUMS.get(site.name, ())
    )
    if site is None:
        return None
    wrong = misspell(rng, site.value.value)
    return Mutant(
        name,
        "misspelt value",
        substitute(text, site.value, wrong),
        frozenset({line_of(site.value)}),
        site.value.value,
    )


def misspelt_type(rng, name, text, sites):
    site = pick(
        rng,
        sites,
        lambda site: (
            site.name == "type"
            and is_scalar(site.value)
            and site.value.value in TYPES
            and ("inputs" in site.path or "outputs" in site.path)
        ),
    )
    if site is None:
        return None
    wrong = site.value.value + "x"
    lines = {line_of(site.value), line_of(site.holder)}
    return Mutant(
        name, "misspelt type", substitute(text, site.value, wrong), frozenset(lines), site.value.value
    )


def scalar_for_list(rng, name, text, sites):
    listed = {
        "tags",
        "inputs",
        "outputs",
        "connections",
        "init",
        "dependencies",
        "operations",
        "hooks",
        "command",
        "args",
    }
    site = pick(
        rng,
        sites,
        lambda site: (
            site.name in listed
            and is_ours(site)
            and isinstance(site.value, yaml.SequenceNode)
            and site.value.flow_style
            and len(site.value.value) > 0
        ),
    )
    if site is None:
        return None
    wrong = "{a: b}" if site.name == "tags" else "something"
    return Mutant(
        name, "no list", substitute(text, site.value, wrong), frozenset({line_of(site.value)}), None
    )


def list_for_scalar(rng, name, text, sites):
    plain = {
        "name",
        "description",
        "queue",
        "image",
        "cron",
        "maxRetries",
        "timeout",
        "concurrency",
        "numRuns",
        "type",
    }
    site = pick(rng, sites, lambda site: site.name in plain and is_ours(site) and is_scalar(site.value))
    if site is None:
        return None
    wrong = f"[{site.value.value}]"
    return Mutant(name, "a list", substitute(text, site.value, wrong), frozenset({line_of(site.value)}), None)


def word_for_number(rng, name, text, sites):
    numbers = {
        "numRuns",
        "concurrency",
        "maxIterations",
        "maxRetries",
        "timeout",
        "ttl",
        "replicas",
        "maxRuns",
        "eta",
    }
    site = pick(
        rng,
        sites,
        lambda site: (
            site.name in numbers and is_scalar(site.value) and site.value.tag.endswith((":int", ":float"))
        ),
    )
    if site is None:
        return None
    return Mutant(
        name,
        "a word for a number",
        substitute(text, site.value, "many"),
        frozenset({line_of(site.value)}),
        None,
    )


def out_of_range(rng, name, text, sites):
    site = pick(
        rng,
        sites,
        lambda site: (
            site.name in ("numRuns", "concurrency", "maxIterations")
            and is_scalar(site.value)
            and site.value.tag.endswith(":int")
        ),
    )
    if site is None:
        return None
    return Mutant(
        name, "out of range", substitute(text, site.value, "0"), frozenset({line_of(site.value)}), None
    )


def nonsense_schedule(rng, name, text, sites):
    site = pick(
        rng,
        sites,
        lambda site: site.name in ("cron", "frequency") and "schedule" in site.path and is_scalar(site.value),
    )
    if site is None:
        return None
    wrong = '"61 25 * * *"' if site.name == "cron" else "-5"
    return Mutant(
        name, "nonsense schedule", substitute(text, site.value, wrong), frozenset({line_of(site.value)}), None
    )


def missing_key(rng, name, text, sites):
    """A required key taken out with its line."""
    required = {
        ("matrix", "numRuns"), ("matrix", "params"), ("matrix", "values"), ("schedule", "cron"), ("schedule", "frequency"),
        ("metric", "name"), ("run", "kind"), ("matrix", "kind"), ("schedule", "kind"),
    }  # fmt: skip
    lines = text.splitlines(keepends=True)
    site = pick(
        rng,
        sites,
        lambda site: site.path[-2:] in required and stands_alone(site, lines) and len(site.holder.value) > 1,
    )
    if site is None:
        return None
    first, last = site.key.start_mark.line, site.value.end_mark.line
    last = max(last, first + 1) if site.value.end_mark.column == 0 else last + 1
    kept = "".join(lines[:first] + lines[last:])
    holder = line_of(site.holder)
    around = {holder, holder - 1, first, first + 1}
    return Mutant(name, "missing key", kept, frozenset(around), site.name)


def stands_alone(site, lines):
    """Whether a key and its value have lines of their own, and the key is not the first of an item."""
    first = lines[site.key.start_mark.line]
    return first.lstrip().startswith(site.name) and site.key.start_mark.line >= site.holder.start_mark.line


def dangling_name(rng, name, text, sites):
    """A dependency, ref or dagRef that names nothing."""
    operations = {
        site.value.value
        for site in sites
        if site.name == "name"
        and is_scalar(site.value)
        and site.path[-3:-2] in (("operations",), ("components",))
    }
    found = [
        site.value
        for site in sites
        if site.name in ("ref", "dagRef")
        and is_scalar(site.value)
        and site.value.value.removeprefix("ops.") in operations
    ]
    for site in sites:
        if site.name == "dependencies" and isinstance(site.value, yaml.SequenceNode):
            found += [item for item in site.value.value if is_scalar(item) and item.value in operations]
    if not found:
        return None
    node = rng.choice(found)
    right = node.value.removeprefix("ops.")
    wrong = misspell(rng, right)
    if wrong in operations:
        return None
    prefix = "ops." if node.value.startswith("ops.") else ""
    return Mutant(
        name, "dangling name", substitute(text, node, prefix + wrong), frozenset({line_of(node)}), right
    )


def duplicate_operation(rng, name, text, sites):
    names = [
        site
        for site in sites
        if site.name == "name" and site.path[-3:-2] == ("operations",) and is_scalar(site.value)
    ]
    if len(names) < 2:
        return None
    first, second = rng.sample(names, 2)
    lines = {line_of(first.value), line_of(second.value)}
    return Mutant(
        name, "two of a name", substitute(text, first.value, second.value.value), frozenset(lines), None
    )


def unknown_output(rng, name, text, sites):
    """A ref to an output that the other operation does not declare."""
    site = pick(
        rng,
        sites,
        lambda site: (
            site.name == "value"
            and is_scalar(site.value)
            and site.value.value.startswith(("outputs.", "inputs."))
            and any(key.value == "ref" for key, _ in site.holder.value)
            and "params" in site.path
        ),
    )
    if site is None:
        return None
    section, _, output = site.value.value.partition(".")
    wrong = f"{section}.{misspell(rng, output)}"
    lines = {line_of(site.value), line_of(site.holder)}
    return Mutant(name, "unknown output", substitute(text, site.value, wrong), frozenset(lines), output)


def misspelt_template(rng, name, text, sites):
    """A template that names no input."""
    inputs = {
        site.value.value
        for site in sites
        if site.name == "name" and is_scalar(site.value) and "inputs" in site.path
    }
    marks = [
        (text.find("{{ " + word + " }}"), word) for word in sorted(inputs) if "{{ " + word + " }}" in text
    ]
    if not marks:
        return None
    position, word = rng.choice(marks)
    wrong = misspell(rng, word)
    if wrong in inputs:
        return None
    changed = text[:position] + "{{ " + wrong + " }}" + text[position + len(word) + 6 :]
    return Mutant(name, "misspelt template", changed, frozenset({text.count("\n", 0, position) + 1}), word)


def param_of_another_type(rng, name, text, sites):
    """A param whose value is no number, where the input of that name is one."""
    numbers = {}
    for site in sites:
        if (
            site.name == "type"
            and "inputs" in site.path
            and is_scalar(site.value)
            and site.value.value in ("int", "float")
        ):
            for key, value in site.holder.value:
                if key.value == "name":
                    numbers[value.value] = site
    site = pick(
        rng,
        sites,
        lambda site: site.path[:-1] == ("params",) and site.name in numbers and is_scalar(site.value),
    )
    if site is None:
        return None
    return Mutant(
        name,
        "param of another type",
        substitute(text, site.value, "fast"),
        frozenset({line_of(site.value)}),
        None,
    )


def unquoted_template(rng, name, text, sites):
    """A template that YAML reads as a mapping."""
    site = pick(
        rng,
        sites,
        lambda site: (
            is_scalar(site.value)
            and site.value.style in ('"', "'")
            and site.value.value.startswith("{{")
            and "\n" not in site.value.value
        ),
    )
    if site is None:
        return None
    return Mutant(
        name,
        "unquoted template",
        substitute(text, site.value, site.value.value),
        frozenset({line_of(site.value)}),
        "uote",
    )


def a_tab(rng, name, text, sites):  # noqa: ARG001 - as the others are called
    lines = text.splitlines(keepends=True)
    indented = [
        index
        for index, line in enumerate(lines)
        if line.startswith("  ") and line.strip() and not line.lstrip().startswith("#")
    ]
    indented = [index for index in indented if ":" in lines[index]]
    if not indented:
        return None
    index = rng.choice(indented)
    line = lines[index]
    lines[index] = "\t" + line.lstrip(" ")
    return Mutant(name, "a tab", "".join(lines), frozenset({index + 1, index + 2}), "spaces")


def key_outside(rng, name, text, sites):
    """A key of a container that stands in the run."""
    lines = text.splitlines(keepends=True)
    site = pick(
        rng,
        sites,
        lambda site: (
            site.name in ("image", "command", "args", "workingDir")
            and site.path[-2:-1] == ("container",)
            and site.path[-3:-2] == ("run",)
            and stands_alone(site, lines)
            and len(site.holder.value) > 1
            and site.key.start_mark.column >= 2
            and site.holder.value[-1][0] is site.key
            and site.value.end_mark.line == site.key.start_mark.line
        ),
    )
    if site is None:
        return None
    index = site.key.start_mark.line
    run_column = next(other.key.start_mark.column for other in sites if other.path == site.path[:-1])
    lines[index] = " " * run_column + lines[index].lstrip()
    return Mutant(name, "a key outside of its section", "".join(lines), frozenset({index + 1}), "container")


OPERATORS = (
    misspelt_key, misspelt_kind, misspelt_value, misspelt_type, scalar_for_list, list_for_scalar, word_for_number,
    out_of_range, nonsense_schedule, missing_key, dangling_name, duplicate_operation, unknown_output, misspelt_template,
    param_of_another_type, unquoted_template, a_tab, key_outside,
)  # fmt: skip
