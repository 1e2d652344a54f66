"""The only reader of the environment."""

from __future__ import annotations

import os
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import InvalidInput


class Settings(BaseSettings):
    """What a deployment may choose; every field has a default that works offline."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", populate_by_name=True)

    data_dir: Path = Field(Path(".loopwright"), alias="LOOPWRIGHT_DATA_DIR")
    database_url_setting: str = Field("", alias="LOOPWRIGHT_DATABASE_URL")
    chroma_url: str = Field("", alias="LOOPWRIGHT_CHROMA_URL")
    embedder: Literal["wordllama", "minilm"] = Field("wordllama", alias="LOOPWRIGHT_EMBEDDER")
    """The model by which lessons are found; each has an index of its own."""
    recall_without_index: Literal["refuse", "sql"] = Field("refuse", alias="LOOPWRIGHT_RECALL_WITHOUT_INDEX")
    """What a recall does while the index cannot be asked: say so (503), or compare with every lesson in memory."""
    host: str = Field("127.0.0.1", alias="LOOPWRIGHT_HOST")
    port: int = Field(8501, alias="LOOPWRIGHT_PORT", ge=0, le=65535)
    access_token: SecretStr = Field(SecretStr(""), alias="LOOPWRIGHT_ACCESS_TOKEN")
    trace_silence: float = Field(60, alias="LOOPWRIGHT_TRACE_SILENCE", ge=0)
    """Seconds without a new span after which a trace whose root has ended is closed."""
    trace_give_up: float = Field(3600, alias="LOOPWRIGHT_TRACE_GIVE_UP", ge=0)
    """Seconds without a new span after which a trace is closed although its root never ended."""
    max_request_mb: float = Field(64, alias="LOOPWRIGHT_MAX_REQUEST_MB", gt=0, le=1000)
    """Megabytes that one OTLP request may have, unpacked."""
    max_waiting_spans: int = Field(200_000, alias="LOOPWRIGHT_MAX_WAITING_SPANS", ge=1)
    """Accepted spans that may wait to be put into traces; past them a sender is asked to come again."""
    control_share: float = Field(0.10, alias="LOOPWRIGHT_CONTROL_SHARE", ge=0, le=0.5)
    """Share of runs that are given no lesson, so that the others can be compared with them."""
    hold_back_share: float = Field(0.10, alias="LOOPWRIGHT_HOLD_BACK_SHARE", ge=0, le=0.5)
    """Share of the other runs from which a lesson is held back, each lesson by itself."""
    webhook_url: str = Field("", alias="LOOPWRIGHT_WEBHOOK_URL", pattern=r"^(https?://\S+)?$")
    """Where a guard's alarm is sent, once."""
    public_url: str = Field("", alias="LOOPWRIGHT_PUBLIC_URL", pattern=r"^(https?://\S+)?$")
    """The address under which people reach this Loopwright: links in alarms begin with it."""
    anthropic_api_key: SecretStr = Field(SecretStr(""), alias="ANTHROPIC_API_KEY")
    anthropic_base_url: str = Field("", alias="ANTHROPIC_BASE_URL")

    @cached_property
    def folder(self) -> Path:
        """The data folder, absolute; created by `core.store.engine.open_store` when it is first needed."""
        return self.data_dir.expanduser().resolve()

    @property
    def address(self) -> str:
        """How links to this Loopwright begin, without a slash at their end."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the database; a plain `postgresql://` is read with the psycopg driver."""
        url = self.database_url_setting or f"sqlite:///{self.folder / 'loopwright.db'}"
        return url.replace("postgresql://", "postgresql+psycopg://", 1) if url.startswith("postgresql://") else url


def load_settings() -> Settings:
    """The settings of the environment and `.env`; raises InvalidInput naming the variable that is wrong."""
    given = tuple((name, value) for name, value in os.environ.items() if name.upper().startswith(_OURS))
    file = Settings.model_config.get("env_file")
    return _read(given, str(Path.cwd()), _changed_at(Path(str(file))) if file else None)


_OURS = ("LOOPWRIGHT_", "ANTHROPIC_")


def _changed_at(file: Path) -> int | None:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return None


@lru_cache(maxsize=1)
def _read(given: tuple[tuple[str, str], ...], folder: str, file_changed_at: int | None) -> Settings:
    """Read anew only when something may have changed: every request asks."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise InvalidInput(
            f"{name}: {first['msg']}. Set it right in the environment or in .env.", field=name
        ) from error
