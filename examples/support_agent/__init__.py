"""A small customer-support agent to copy: tools, several turns, traced with plain OpenTelemetry, taught by recall."""
