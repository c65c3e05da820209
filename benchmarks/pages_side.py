"""The side of pages.py that opens a page, in a process that has imported what a server has when it has started.

python pages_side.py APP PAGE RERUNS    prints of the first view and of each rerun the seconds, and those of a processor
"""

import json
import sys
import threading
import time
from contextlib import suppress

from streamlit.testing.v1 import AppTest

with suppress(ImportError):  # Graft before there was one
    from serve import import_ahead

    import_ahead()


def main(app: str, page: str, reruns: str) -> None:
    test = AppTest.from_file(app, default_timeout=600)
    if page != "home":  # which is what the app opens with
        test.switch_page(f"pages/{page}.py")
    seconds = []
    for _ in range(1 + int(reruns)):
        began, used = time.perf_counter(), time.process_time()
        test.run()
        seconds.append((time.perf_counter() - began, time.process_time() - used))
        assert not test.exception, test.exception
        for thread in threading.enumerate():
            if "_import_ahead" in thread.name:  # the server is importing torch, for the first seconds
                thread.join()
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
