"""`python -m examples.support_agent "Where is my order 1001?"`: one turn for each argument, or for each line typed."""

import argparse
import os
import sys
from collections.abc import Sequence

from anthropic import Anthropic, AnthropicError
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from examples.support_agent.agent import AGENT, Conversation
from examples.support_agent.loopwright import Loopwright


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("support_agent", description=__doc__)
    parser.add_argument("turns", nargs="*", help="what the customer says; nothing: it is read from the terminal")
    parser.add_argument("--model", default=os.environ.get("LOOPWRIGHT_MODEL", "claude-haiku-5-5"))
    address = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:8501")
    parser.add_argument("--loopwright", default=address, metavar="URL", help="its address (default %(default)s)")
    parser.add_argument("--task-key", default="", help="the task, where it is known: shop/refund-too-late")
    parser.add_argument("--rate", choices=("up", "down"), help="send the customer's thumb for the last run")
    asked = parser.parse_args(argv)
    # Reads ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL. The SDK can trace too: with both, each call counts twice.
    client = Anthropic(open_telemetry=False)
    if not client.api_key:
        parser.error("there is no key for the model: set ANTHROPIC_API_KEY")
    token = os.environ.get("LOOPWRIGHT_ACCESS_TOKEN")
    loopwright = Loopwright(asked.loopwright.rstrip("/"), {"Authorization": f"Bearer {token}"} if token else {})
    tracing = TracerProvider()
    exporter = OTLPSpanExporter(f"{loopwright.url}/v1/traces", headers=loopwright.headers)
    tracing.add_span_processor(BatchSpanProcessor(exporter))
    talk = Conversation(client, asked.model, tracing.get_tracer(AGENT), loopwright, asked.task_key)
    try:
        for said in asked.turns or filter(str.strip, sys.stdin):
            print(talk.run(said.strip()), f"[trace {talk.trace_id}]", sep="\n", flush=True)
    except (AnthropicError, RuntimeError, ValueError) as error:
        print(f"The run failed: {error}", file=sys.stderr)
        return 1
    finally:
        tracing.shutdown()  # waits for the last spans
    if asked.rate and talk.trace_id:
        # A signal may come at any time, also before its trace; the same key again changes nothing.
        thumb = {"trace_id": talk.trace_id, "name": "thumb", "kind": "explicit", "value": asked.rate == "up"}
        loopwright.post("/api/signals", thumb | {"source": "chat window", "key": f"thumb/{talk.trace_id}"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
