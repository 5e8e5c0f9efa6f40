"""`conditions`: whether a run happens at all (spec section 3.5, rule 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.compiler.sandbox import render_text
from polyaxon_airflow.errors import CompilationError, Fault

if TYPE_CHECKING:
    from polyaxon_airflow.compiler.contexts import RunContext

_TRUE = {"true", "t", "yes", "y", "on", "1"}
_FALSE = {"false", "f", "no", "n", "off", "0"}


def evaluate(text: str, context: RunContext) -> bool:
    """What a condition comes to: one that `resolve` has rendered, or a template over the context's values.

    Raises CompilationError for what is neither true nor false.

    >>> from polyaxon_airflow.compiler.contexts import RunContext
    >>> evaluate("{{ accuracy > 0.9 }}", RunContext(params={"accuracy": 0.95}))
    True
    """
    rendered = render_text(text, {**context.params, "globals": dict(context.globals)}).strip()
    if rendered.lower() in _TRUE:
        return True
    if rendered.lower() in _FALSE:
        return False
    said = f"'{rendered}'" if rendered else "empty"
    suggestion = f'Write it in braces: "{{{{ {text} }}}}".' if "{{" not in text and rendered else None
    message = f"the condition '{text}' is {said}, which is neither true nor false"
    raise CompilationError([Fault(message, path=("conditions",), suggestion=suggestion, rule="condition")])
