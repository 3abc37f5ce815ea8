"""Measure the structure of a checkout: `python -m legwatch_lab.bench.structure TREE [OTHER_TREE]`.

Each module defines its figures in its docstring. All read a tree's source text; only
`recomputed` runs the tree, in a process of its own.
"""
