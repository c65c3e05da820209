"""The same jobs from a shell: `python -m core train|predict|runs|resume|...`.

Results go to stdout, progress to stderr. Exit status: 0 done, 2 a bad command, 1 a job that failed, with one sentence.
"""

from __future__ import annotations

import sys
import warnings

from core import address_space
from core.processes import share_cores


def _run() -> int:
    address_space.begin(address_space.LIGHT, "Graft")
    share_cores()
    warnings.filterwarnings("ignore", module="PIL")  # what is wrong with an image is in the report, in words
    try:
        from core.commands import main  # loads libraries, for which there may be too little room

        return main()
    except Exception as error:
        if words := address_space.explained(error):
            print(words, file=sys.stderr)
            return 1
        raise


if __name__ == "__main__":
    sys.exit(_run())
