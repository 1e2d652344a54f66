"""Browser components: registered once as Streamlit components, their modules served from /assets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).resolve().parent
_VERSION = sha256(b"".join(path.read_bytes() for path in sorted(_HERE.glob("*.js")))).hexdigest()[:12]

# The modules come from our own /assets, so that they can import each other. Streamlit runs this function again at
# every change of data or theme: the component is made once and then only told what changed.
_MOUNT = """
const made = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  let here = made.get(parentElement)
  if (!here) {
    here = { gone: false }
    made.set(parentElement, here)
    const place = parentElement.querySelector(".place")
    import(new URL("assets/MODULE?v=VERSION", document.baseURI)).then(
      ({ mount }) => {
        if (!here.gone) here.component = mount(place, here.data, setTriggerValue)
      },
      () => (place.textContent = "This part of the page could not be loaded. Reload the page."),
    )
  }
  here.data = data
  here.component?.update(data)
  return () => {
    here.gone = true
    here.component?.close()
    made.delete(parentElement)
  }
}
"""


def register(name: str, module: str, sheets: Sequence[str]) -> Any:
    """A Streamlit component; in the browser, a module's `mount(place, data, trigger) -> {update(data), close()}`."""
    css = "\n".join((_HERE / sheet).read_text(encoding="utf-8") for sheet in ("tokens.css", *sheets))
    js = _MOUNT.replace("MODULE", module).replace("VERSION", _VERSION)
    return st.components.v2.component(name, html='<div class="place">\n</div>', css=css, js=js)


_READER = register("loopwright_reader", "reader_page.js", ["reader.css", "comments.css"])
_RUNS = register("loopwright_runs", "run_table.js", ["run_table.css"])
_WORDS = register("loopwright_words", "form_words.js", [])


def trace_reader(
    segments: Sequence[Mapping[str, Any]],
    labels: Mapping[str, Sequence[Mapping[str, object]]],
    facts: Mapping[str, Any],
    start: int | None,
    **first: Any,
) -> None:
    """The trace reader over one or more traces ({trace, n_steps, title}) read as one.

    `labels`: "trace/step id" → [{text, who, note, tone}], and where words are marked {quote, start};
    `start`: position to begin at, counted over all segments;
    `outline=` and `first=`: those of the first segment, so that it opens without asking again.
    """
    data = {"segments": list(segments), "labels": labels, "facts": facts, "start": start, **first}
    _READER(key="trace_reader", data=data)


def run_table(key: str, columns: Sequence[Mapping[str, str]], rows: Sequence[Mapping[str, Any]]) -> int | None:
    """A table of runs, each a link; the id of the run that was just clicked, if any.

    `columns`: {label, title, align, size}; `rows`: {id, href, current, cells: [{text, title, tone}]}.
    """
    chosen = _RUNS(key=key, data={"columns": list(columns), "rows": list(rows)}, on_open_change=lambda: None)
    return int(chosen.open) if chosen.open else None


def keep_words(form: str, person: int, had: Mapping[str, str], turn: int) -> None:
    """Let the browser keep what a person types in a form until it is sent, through reloads and other pages.

    `had`: key of each text → what stood there when the form was drawn; a `turn` that changes lets the words go.
    """
    # a new number at each run tells the browser that the form was drawn again, so what was pressed did not send it
    drawn = int(st.session_state.get(f"{form}_drawn", 0)) + 1
    st.session_state[f"{form}_drawn"] = drawn
    data = {"form": form, "person": person, "fields": list(had), "had": dict(had), "turn": turn, "drawn": drawn}
    _WORDS(key=f"{form}_words", data=data)
