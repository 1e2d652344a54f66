"""The theme uses options that Streamlit knows, and its text can be read."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from streamlit import config

ROOT = Path(__file__).resolve().parents[1]
OPTIONS = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
HUES = ("blue", "orange", "red", "gray", "green", "yellow", "violet")


def test_streamlit_knows_every_option() -> None:
    named = set(_flat("", OPTIONS))
    assert named - set(config.get_config_options()) == set()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_stands_out_from_every_surface(mode: str) -> None:
    theme = OPTIONS["theme"][mode]
    surfaces = [table[f"{name}ackgroundColor"] for table in (theme, theme["sidebar"]) for name in ("b", "secondaryB")]
    texts = [theme[f"{name}Color"] for name in ("text", "link", "codeText", *(f"{hue}Text" for hue in HUES))]
    pairs = [(text, surface) for text in texts for surface in surfaces]
    pairs += [(theme[f"{hue}TextColor"], theme[f"{hue}BackgroundColor"]) for hue in HUES]
    pairs.append(("#FFFFFF", theme["primaryColor"]))  # Streamlit writes on the primary button in white
    assert [pair for pair in pairs if _contrast(*pair) < 4.5] == []


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_accent_stands_out_as_a_line(mode: str) -> None:
    theme = OPTIONS["theme"][mode]
    assert _contrast(theme["primaryColor"], theme["backgroundColor"]) >= 3


def _flat(prefix: str, table: dict[str, object]) -> list[str]:
    names = []
    for key, value in table.items():
        names += _flat(f"{prefix}{key}.", value) if isinstance(value, dict) else [f"{prefix}{key}"]
    return names


def _contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two #RRGGBB colours."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
