"""What pages take from their process, and every key of `st.session_state`, in one place."""

from dashboard.process import index_due, lesson_index, settings, store

__all__ = ["index_due", "lesson_index", "settings", "store"]
