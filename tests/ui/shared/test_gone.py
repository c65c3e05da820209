"""A page that meets what is gone is drawn once more; should that not help, a sentence ends it, and nothing turns."""

from streamlit.testing.v1 import AppTest

from tests.pages.conftest import texts


def _page():
    import streamlit as st

    from core.errors import DataError
    from ui.shared.page import draw

    def main():
        st.session_state["drawn"] = st.session_state.get("drawn", 0) + 1
        if st.session_state["drawn"] <= st.session_state.get("broken", 1):
            raise st.session_state.get("error", DataError("The dataset 'Pets' was deleted."))
        st.markdown("The page")

    draw(main)


def test_the_page_is_drawn_again_without_it(workspace):
    app = AppTest.from_function(_page).run()
    assert not app.exception and app.session_state["drawn"] == 2
    assert "Pets" in texts(app) and "The page" in texts(app)


def test_what_stays_broken_ends_in_the_sentence(workspace):
    app = AppTest.from_function(_page)
    app.session_state["broken"] = 99
    app.run()
    assert not app.exception and app.session_state["drawn"] == 2 and "Pets" in texts(app)


def test_a_file_that_vanished_is_no_stack_trace(workspace):
    app = AppTest.from_function(_page)
    app.session_state["error"] = FileNotFoundError(2, "No such file or directory")
    app.run()
    assert not app.exception and "not there any more" in texts(app) and "The page" in texts(app)
