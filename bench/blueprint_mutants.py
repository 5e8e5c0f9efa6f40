"""A pipeline in the format of airflow-blueprint, and single faults in it of the kinds that are planted in polyaxonfiles."""

from bench.mutants import Mutant

TEMPLATES = """
from airflow.sdk import TaskGroup
from airflow.providers.standard.operators.bash import BashOperator
from blueprint import BaseModel, Blueprint, Field

class ExtractConfig(BaseModel):
    source_table: str
    batch_size: int = Field(default=1000, ge=1)

class Extract(Blueprint[ExtractConfig]):
    def render(self, config):
        return BashOperator(task_id=self.step_id, bash_command="true")

class LoadConfig(BaseModel):
    target_table: str
    mode: str = Field(default="append", pattern="^(append|overwrite)$")

class Load(Blueprint[LoadConfig]):
    def render(self, config):
        return BashOperator(task_id=self.step_id, bash_command="true")
"""

PIPELINE = """\
dag_id: customer_pipeline
schedule: "0 4 * * *"
steps:
  extract_customers:
    blueprint: extract
    source_table: raw.customers
    batch_size: 500
  extract_orders:
    blueprint: extract
    source_table: raw.orders
  load:
    blueprint: load
    depends_on: [extract_customers, extract_orders]
    trigger_rule: all_done
    target_table: analytics.orders
    mode: overwrite
"""


def _mutant(fault, old, new, line, instead=None):
    assert PIPELINE.count(old) >= 1, old
    return Mutant("customer_pipeline", fault, PIPELINE.replace(old, new, 1), frozenset({line}), instead)


BLUEPRINT_MUTANTS = [
    _mutant("misspelt key", "batch_size: 500", "batchsize: 500", 7, "batch_size"),
    _mutant("misspelt key", "steps:", "step:", 3, "steps"),
    _mutant("misspelt key", "depends_on:", "depend_on:", 13, "depends_on"),
    _mutant("misspelt key", "source_table: raw.customers", "source_tabel: raw.customers", 6, "source_table"),
    _mutant("misspelt kind", "blueprint: load", "blueprint: laod", 12, "load"),
    _mutant("misspelt value", "trigger_rule: all_done", "trigger_rule: all_dne", 14, "all_done"),
    _mutant("misspelt value", "mode: overwrite", "mode: overwrit", 16, "overwrite"),
    _mutant("no list", "[extract_customers, extract_orders]", "{a: b}", 13),
    _mutant("a list", "source_table: raw.orders", "source_table: [raw.orders]", 10),
    _mutant("a word for a number", "batch_size: 500", "batch_size: many", 7),
    _mutant("out of range", "batch_size: 500", "batch_size: 0", 7),
    _mutant("nonsense schedule", "0 4 * * *", "61 25 * * *", 2),
    _mutant("missing key", "    target_table: analytics.orders\n", "", 15, "target_table"),
    _mutant(
        "dangling name",
        "[extract_customers, extract_orders]",
        "[extract_customers, extract_order]",
        13,
        "extract_orders",
    ),
    _mutant("two of a name", "  extract_orders:\n", "  extract_customers:\n", 8),
    _mutant("a tab", "    batch_size: 500", "\tbatch_size: 500", 7, "spaces"),
    _mutant("unquoted template", "raw.orders", "{{ table }}", 10, "uote"),
]


def write_blueprint(folder, text):
    """The pipeline's file, beside its templates."""
    folder.mkdir()
    (folder / "templates.py").write_text(TEMPLATES)
    file = folder / "customer_pipeline.dag.yaml"
    file.write_text(text)
    return file
