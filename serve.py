"""Start Graft: `python serve.py`, with the options of `streamlit run`.

The same as `streamlit run app.py`, but what every page needs is imported before the server says its address, so that
the first page is there at once. Graft's own pages are not: they belong to the running server.
"""

from __future__ import annotations

import sys
from pathlib import Path

from core import address_space

APP = Path(__file__).with_name("app.py")


def import_ahead() -> None:
    import plotly.graph_objects  # noqa: F401

    import core.backbones.suggest
    import core.importing.importing
    import core.jobs
    import core.runs
    import core.survey  # noqa: F401


def main() -> None:
    address_space.begin(address_space.SERVER, "the server")
    try:
        address_space.must_have_for_torch()
    except address_space.AddressSpaceError as error:
        print(f"Pages can be looked at, but nothing can be trained or asked. {error}", file=sys.stderr)
    from streamlit.web.cli import main as streamlit

    import_ahead()
    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    streamlit()


if __name__ == "__main__":
    main()
