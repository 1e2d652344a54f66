"""Where Loopwright is, and how it is asked."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.request import Request, urlopen

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Loopwright:
    """Its address, and the headers that it wants (an access token). While it is away the agent works on, untaught."""

    url: str
    headers: Mapping[str, str]

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer, or {} and a warning where there is none."""
        sent = Request(self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json", **self.headers})
        try:
            with urlopen(sent, timeout=3) as answer:
                return dict(json.load(answer))
        except (OSError, HTTPException, ValueError) as error:
            _log.warning("Loopwright did not answer at %s (%s); going on without it.", sent.full_url, error)
            return {}
