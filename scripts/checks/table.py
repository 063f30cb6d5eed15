"""The table of limits in the guide is that of src/base/limits.def: `make format` writes it."""

from common import api

TABLE = "docs/guide/limits.md"
limits_table = api("limits_table")


def check(tree):
    if limits_table.updated(tree.root) != tree.text(TABLE):
        return [f"{TABLE}: its table is not that of src/base/limits.def: make format"], ""
    return [], TABLE


def fix(tree):
    (tree.root / TABLE).write_text(limits_table.updated(tree.root), encoding="utf-8")
    return 0
