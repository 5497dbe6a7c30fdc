"""Measures what an idle client costs a proxy: resident memory after N logins, less that before, by N."""

import time

import process
import scram_client
from servers import IDLE_PASSWORD

WARM_UP = 20  # clients that bring code and pools into memory before the first reading; they stay


def settled_memory(pid, seconds=5):
    """Resident memory once it has kept still for half a second."""
    deadline = time.monotonic() + seconds
    last = process.resident_bytes(pid)
    while time.monotonic() < deadline:
        time.sleep(0.5)
        now = process.resident_bytes(pid)
        if now == last:
            break
        last = now
    return last


def measure(cell, target):
    """Uses a fresh process of the target, because memory that others used once would be used again."""
    target.stop()
    target.start()
    context = scram_client.tls_context() if cell.tls else None
    clients = []

    def open_clients(count):
        for _ in range(count):
            clients.append(scram_client.connect(target.port, "idle", IDLE_PASSWORD, "bench", context))

    try:
        open_clients(WARM_UP)
        before = settled_memory(target.pid)
        began = time.monotonic()
        open_clients(cell.clients)
        seconds = time.monotonic() - began
        after = settled_memory(target.pid)
    finally:
        for client in clients:
            client.close()
    return {"bytes_per_client": (after - before) / cell.clients, "resident_mb": after / 1e6,
            "logins_per_s": cell.clients / seconds}
