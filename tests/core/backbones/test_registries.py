"""What the libraries' registries say is known without the committed catalogue, which is made of it."""

import ast
import inspect

from core.backbones import catalogue, registries


def imports_of(module):
    tree = ast.parse(inspect.getsource(module))  # late ones, within functions, too
    return {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_the_catalogue_reads_the_registries_and_not_the_other_way_round():
    assert "core.backbones.registries" in imports_of(catalogue)
    assert "core.backbones.catalogue" not in imports_of(registries)
