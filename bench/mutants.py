"""Single faults planted in valid YAML files: what was changed, on which lines, and what should be written instead.

Every fault is one that people make: a letter too many, a key in the wrong place, a name that nothing has, a value of
another type. Edits are made in the text, so that the places of all else stay as they are.
"""

import random
from dataclasses import dataclass

import yaml


@dataclass(frozen=True)
class Mutant:
    """A file with one planted fault."""

    name: str
    fault: str  # the kind of fault
    text: str
    lines: frozenset[int]  # where a report of it belongs, from 1
    instead: str | None  # a word that a correct suggestion contains; None if none is to be expected


@dataclass(frozen=True)
class Site:
    """A key and its value somewhere in a document."""

    path: tuple
    key: yaml.ScalarNode
    value: yaml.Node
    holder: yaml.MappingNode

    @property
    def name(self):
        return self.key.value


def plant(name, text, operators, seed, count):
    """Up to `count` mutants of a file, one a drawn operator; the same for the same seed."""
    rng = random.Random(f"{seed}/{name}")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    sites = list(walk(root, ()))
    mutants = []
    for operator in rng.sample(list(operators), k=len(operators)):
        mutant = operator(rng, name, text, sites)
        if mutant is not None and mutant.text != text:
            mutants.append(mutant)
        if len(mutants) == count:
            break
    return mutants


def walk(node, path):
    """Every key of a document with its value."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield Site((*path, key.value), key, value, node)
                yield from walk(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from walk(item, (*path, index))


def line_of(node):
    return node.start_mark.line + 1


def substitute(text, node, replacement):
    """The text with another one in the place of a node."""
    return text[: node.start_mark.index] + replacement + text[node.end_mark.index :]


def misspell(rng, word):
    """The word with one usual slip of the fingers."""
    position = rng.randrange(1, max(len(word) - 1, 2))
    slips = [
        word[:position] + word[position + 1 :],
        word[:position] + word[position] + word[position:] if position < len(word) else word + word[-1],
        word[: position - 1] + word[position] + word[position - 1] + word[position + 1 :]
        if position < len(word)
        else word,
        word + "s" if not word.endswith("s") else word[:-1],
    ]
    return rng.choice([slip for slip in slips if slip != word] or [word + "x"])


def pick(rng, sites, wanted):
    """One of the sites that fit, or None."""
    fitting = [site for site in sites if wanted(site)]
    return rng.choice(fitting) if fitting else None


def is_scalar(node):
    return isinstance(node, yaml.ScalarNode)
