"""A run in Loopwright from an unmodified OpenTelemetry SDK: set OTEL_EXPORTER_OTLP_ENDPOINT and start this file."""

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
with provider.get_tracer("greeter").start_as_current_span("invoke_agent greeter") as run:
    run.set_attributes({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "greeter"})
    run.set_attribute("gen_ai.input.messages", '[{"role": "user", "parts": [{"type": "text", "content": "Hello"}]}]')
    run.set_attribute("gen_ai.output.messages", '[{"role": "assistant", "parts": [{"type": "text", "content": "Hi"}]}]')
provider.shutdown()
