"""To be written."""

import streamlit as st

st.write("To be written.")
