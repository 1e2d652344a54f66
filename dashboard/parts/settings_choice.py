"""How a policy names whom it holds for."""

OTHERS = "all others"


def named(agent: str) -> str:
    """Runs of shop; runs of all others."""
    return f"Runs of {agent or OTHERS}"
