"""The command line: parse, call core, print. `main` is the door."""

from core.commands.parser import main

__all__ = ["main"]
