"""Commands that need the lesson index: asked of the server that owns it, or done here when none does."""

from __future__ import annotations

from typing import Any

import httpx

from core.errors import InvalidInput, Unavailable
from core.memory.recall import RecallRequest, recall
from core.similarity.lock import owner_address
from dashboard.process import lesson_index, settings, store


def ask_recall(text: str, agent: str, k: int, tool: str = "", tags: str = "") -> dict[str, Any]:
    """A dry run of the memory arm, ranked by whoever owns the index; raises InvalidInput for what cannot be asked, and
    Unavailable when that one is silent."""
    chosen = settings()
    address = None if chosen.chroma_url else owner_address(chosen.folder)
    if address is None:
        with store().reading() as session:
            asked = RecallRequest(agent=agent, task=text, tool=tool, tags=tags, k=k)
            return recall(session, lesson_index(), asked, dry_run=True).as_json()
    token = chosen.access_token.get_secret_value()
    body = {"agent": agent, "task": text, "tool": tool, "tags": tags, "k": k, "dry_run": True}
    try:
        response = httpx.post(
            f"{address}/api/recall",
            json=body,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=10,
            trust_env=False,
        )
        if response.status_code == InvalidInput.status:
            wrong = response.json()["error"]
            raise InvalidInput(wrong["message"], field=wrong.get("field"))
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise Unavailable(f"The server at {address} owns the index and did not answer: {error}.") from error
    answered: dict[str, Any] = response.json()
    return answered
