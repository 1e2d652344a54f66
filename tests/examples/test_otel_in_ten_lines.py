"""An unmodified OpenTelemetry SDK needs one variable to reach Loopwright."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

from tests.standins import Collector, attributes_of, serving

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "otel_in_ten_lines.py"
RUN = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": "greeter",
    "gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "Hello"}]}]',
    "gen_ai.output.messages": '[{"role": "assistant", "parts": [{"type": "text", "content": "Hi"}]}]',
}


def start(**variables: str) -> None:
    """Run the script with these variables and no other of OpenTelemetry's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    ended = subprocess.run([sys.executable, SCRIPT], env=kept | variables, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_it_is_ten_lines_of_opentelemetry_alone() -> None:
    source = SCRIPT.read_text()
    docstring, *statements = ast.parse(source).body
    code = source.splitlines()[docstring.end_lineno :]
    assert len([line for line in code if line.strip()]) == 10
    assert {one.module.split(".")[0] for one in statements if isinstance(one, ast.ImportFrom) and one.module} == {
        "opentelemetry"
    }
    assert "environ" not in source


def test_one_variable_is_enough() -> None:
    with serving(Collector()) as collector:
        start(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    (span,) = collector.spans
    assert (span.name, attributes_of(span)) == ("invoke_agent greeter", RUN)
    assert [asked.path for asked in collector.asked] == ["/v1/traces"]


def test_an_access_token_is_a_second_one() -> None:
    with serving(Collector()) as collector:
        start(
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20open-sesame",
            OTEL_EXPORTER_OTLP_COMPRESSION="gzip",
        )
    (asked,) = collector.asked
    assert asked.headers["authorization"] == "Bearer open-sesame"
    assert attributes_of(collector.spans[0]) == RUN
