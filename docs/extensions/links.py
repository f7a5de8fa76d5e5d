"""Links to the references of other packages by the pattern of their addresses.

`sphinx.ext.intersphinx` would fetch their inventories when the documentation is built.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes

ADDRESSES = {
    "sklearn": "https://scikit-learn.org/stable/modules/generated/{}.html",
    "numpy": "https://numpy.org/doc/stable/reference/generated/{}.html",
    "pandas": "https://pandas.pydata.org/docs/reference/api/{}.html",
    "librosa": "https://librosa.org/doc/latest/generated/{}.html",
}


def resolve(app: Any, env: Any, node: Any, content: Any) -> nodes.reference | None:
    """Return a link to a class or function of another package; None of others."""
    target = node.get("reftarget", "")
    address = ADDRESSES.get(target.partition(".")[0])
    if node.get("refdomain") != "py" or address is None or "." not in target:
        return None
    link = nodes.reference("", "", internal=False, refuri=address.format(target))
    link += content
    return link


def setup(app: Any) -> dict[str, Any]:
    """Resolve what Sphinx itself does not find."""
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
