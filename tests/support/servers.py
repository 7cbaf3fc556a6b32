"""The database servers that some tests need; where they are not, these tests are skipped."""

from __future__ import annotations

import contextlib
import socket

import pytest
import sqlalchemy as sa

POSTGRESQL = "postgresql+psycopg2://postgres@127.0.0.1:5432/postgres"
MARIADB = "mysql+pymysql://root@127.0.0.1:3306/information_schema"

_PATIENCE = 1.0  # seconds


def need(url: str) -> None:
    """Skip the test unless a server listens there."""
    parsed = sa.make_url(url)
    with contextlib.suppress(OSError):
        socket.create_connection((parsed.host, parsed.port), timeout=_PATIENCE).close()
        return
    pytest.skip(f"no {parsed.get_backend_name()} server listens on {parsed.host}:{parsed.port}")
