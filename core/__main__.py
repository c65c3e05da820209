"""The same jobs from a shell: `python -m core train|predict|runs|resume|...`.

Results go to stdout, progress to stderr. Exit status: 0 done, 2 a bad command, 1 a job that failed, with one sentence.
"""

from __future__ import annotations

import sys
import warnings

from core.commands import main
from core.processes import share_cores

if __name__ == "__main__":
    share_cores()
    warnings.filterwarnings("ignore", module="PIL")  # what is wrong with a picture is in the report, in words
    sys.exit(main())
