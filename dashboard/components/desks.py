"""The review and compare desks as Streamlit components: registered once, mounted by their pages."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).resolve().parent
_VERSION = sha256(b"".join(path.read_bytes() for path in sorted(_HERE.glob("*.js")))).hexdigest()[:12]

# The desks' modules come from our own /assets, so that they can import each other. Streamlit runs this function again
# at every rerun: the desk is made once and then only told what changed.
_MOUNT = """
const desks = new WeakMap()

export default function ({ data, parentElement }) {
  let here = desks.get(parentElement)
  if (!here) {
    here = { gone: false }
    desks.set(parentElement, here)
    const start = ({ mount }) => {
      if (!here.gone) here.desk = mount(parentElement.querySelector(".desk"), here.data)
    }
    import(new URL("assets/MODULE?v=VERSION", document.baseURI)).then(start)
  }
  here.data = data
  here.desk?.update(data)
  return () => {
    here.gone = true
    here.desk?.close()
    desks.delete(parentElement)
  }
}
"""


def _desk(name: str, module: str) -> Any:
    css = "\n".join((_HERE / sheet).read_text(encoding="utf-8") for sheet in ("tokens.css", "reader.css", "desk.css"))
    js = _MOUNT.replace("MODULE", module).replace("VERSION", _VERSION)
    return st.components.v2.component(name, html='<div class="desk">\n</div>', css=css, js=js)


_REVIEW = _desk("loopwright_review", "desk.js")
_COMPARE = _desk("loopwright_compare", "compare.js")


def review_desk(queue: int, item: str | None, person: int) -> None:
    """The review desk on a queue; `item` (from the address) is shown first, where it may be."""
    _REVIEW(key="review_desk", data={"queue": queue, "item": item, "person": person})


def compare_desk(queue: int, item: str | None, person: int) -> None:
    """The compare desk on a queue of pairs."""
    _COMPARE(key="compare_desk", data={"queue": queue, "item": item, "person": person})
