"""The server itself, for what the tests do to it without pgweir."""
import os
import unittest

import psycopg

# Set unless the tests run against the server directly, see run_client.
through_pgweir = unittest.skipUnless("METRICS_URL" in os.environ, "is about pgweir")


def connect_directly(**settings):
    return psycopg.connect(port=os.environ["SERVER_PORT"], autocommit=True, **settings)


def wait_until_running(query_part):
    """Returns when a query with this text runs on the server."""
    with connect_directly() as server:
        while not server.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE %s AND pid <> pg_backend_pid()",
            [f"%{query_part}%"],
        ).fetchone()[0]:
            pass
