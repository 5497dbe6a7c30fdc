"""The servers to compare: PostgreSQL itself, pgweir in several ways, and PgBouncer, all on loopback.

Each has a directory of its own. All proxies get the same: transaction mode, 8 server connections, no password for the
user bench, SCRAM for the user idle, a TLS certificate, no line in the log for each connection.
"""

import os
import shutil
import socket
import subprocess
import time

import process

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGETS = ("direct", "auto", "off", "begin_direct", "pgbouncer")  # by name, in the order of the table
POOL_SIZE = 8
MAX_CLIENTS = 12_000
MAX_CONNECTIONS = 1_200  # of PostgreSQL: 1,000 direct clients, and the proxies' idle connections meanwhile
IDLE_PASSWORD = "idle"
POSTGRES_PROGRAM = "/usr/lib/postgresql/15/bin/postgres"
PGBOUNCER_PROGRAM = "/usr/sbin/pgbouncer"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def version_of(program):
    return process.run([program, "--version"], 10).splitlines()[0]


def wait_for_port(port, started, log, seconds=20):
    """Waits until the process accepts connections; raises with the end of its log if it does not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and started.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    with open(log, encoding="utf-8", errors="replace") as text:
        tail = " | ".join(text.read().strip().splitlines()[-5:])
    raise RuntimeError(f"no answer on port {port} from {started.args[0]}: {tail}")


class Postgres:
    """The cluster behind all proxies. As a target it is called direct: what the clients would get without a proxy."""

    name = "direct"
    pid = None  # its CPU is not that of a proxy
    connect_ms = 8  # of a client, at the most: the server starts a process for it

    def __init__(self, directory, scale):
        self.directory = os.path.join(directory, "postgres")
        self.tool = os.path.join(ROOT, "tests", "support", "pg_cluster")
        settings = [f"max_connections = {MAX_CONNECTIONS}", "shared_buffers = 512MB", "max_wal_size = 4GB",
                    "autovacuum = off", "jit = off"]
        process.run([self.tool, "start", "--auth", "trust", self.directory, "--", *settings], 120)
        try:
            self._load(scale)
        except BaseException:
            self.stop()
            raise

    def _load(self, scale):
        with open(os.path.join(self.directory, "env"), encoding="utf-8") as exported:
            names = dict(line.removeprefix("export ").strip().split("=", 1) for line in exported)
        self.port = int(names["PGPORT"])
        self.sql("CREATE ROLE bench LOGIN SUPERUSER", "postgres")
        self.sql(f"CREATE ROLE idle LOGIN PASSWORD '{IDLE_PASSWORD}'", "postgres")
        self.sql("CREATE DATABASE bench OWNER bench", "postgres")
        process.run(["pgbench", "-i", "-q", "-s", str(scale), *self.address(), "bench"], 300)
        self.sql("CREATE UNLOGGED TABLE sink (line text)", "bench")
        self.verifier = self.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'idle'", "bench").strip()

    def version(self):
        return version_of(POSTGRES_PROGRAM)

    def address(self):
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", "bench"]

    def sql(self, text, database):
        # Before the role bench exists, the superuser makes it.
        user = "postgres" if database == "postgres" else "bench"
        return process.run(["psql", "-XAtq", "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", database,
                            "-v", "ON_ERROR_STOP=1", "-c", text], 60)

    def settle(self, seconds=30):
        """Waits until the server processes of clients that have gone are gone too: a thousand of them take a while."""
        kept = (len(TARGETS) - 1) * POOL_SIZE * 2 + 1  # the pools of bench and of idle, and this session itself
        count = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        deadline = time.monotonic() + seconds
        while int(self.sql(count, "bench")) > kept and time.monotonic() < deadline:
            time.sleep(0.05)

    def stop(self):
        process.run([self.tool, "stop", self.directory, "immediate"], 90)


class Proxy:
    """A proxy that runs as a process of ours; start() may be called again after stop()."""

    connect_ms = 1

    def __init__(self, directory, postgres):
        self.directory = os.path.join(directory, self.name)
        self.log = os.path.join(self.directory, "log")
        self.postgres = postgres
        self.process = None
        os.mkdir(self.directory)
        for name in ("server.crt", "server.key"):
            shutil.copy(os.path.join(postgres.directory, name), self.directory)

    @property
    def pid(self):
        return self.process.pid

    def path(self, name, text=None):
        """The path of a file in the proxy's directory, written first where there is a text."""
        path = os.path.join(self.directory, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return path

    def address(self):
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", "bench"]

    def start(self):
        self.port = free_port()
        command = self.command()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
        wait_for_port(self.port, self.process, self.log)

    def stop(self):
        if self.process is not None:
            process.end(self.process)


class Pgweir(Proxy):
    # Of each target, the keys of [pool] in which it differs from the defaults.
    KEYS = {"auto": "", "off": 'multiplex = "off"', "begin_direct": 'begin = "direct"'}

    def __init__(self, directory, postgres, program, name):
        self.name = name
        self.program = program
        super().__init__(directory, postgres)

    def version(self):
        return version_of(self.program)

    def command(self):
        return [self.program, "--config", self.path("pgweir.toml", f"""\
[listen]
address = "127.0.0.1:{self.port}"
[listen.tls]
mode = "allow"
certificate = "{self.path('server.crt')}"
key = "{self.path('server.key')}"
[metrics]
address = "127.0.0.1:{free_port()}"
[limits]
clients = {MAX_CLIENTS}
[log]
connections = false
[pool]
mode = "transaction"
size = {POOL_SIZE}
{self.KEYS[self.name]}
[databases.bench]
server = "host=127.0.0.1 port={self.postgres.port} sslmode=disable"
[users.bench]
auth = "trust"
[users.idle]
auth = "scram-sha-256"
password = "{self.postgres.verifier}"
""")]


class Pgbouncer(Proxy):
    name = "pgbouncer"

    def version(self):
        return version_of(PGBOUNCER_PROGRAM)

    def command(self):
        self.path("users", f'"bench" ""\n"idle" "{self.postgres.verifier}"\n')
        self.path("hba", "host all bench 127.0.0.1/32 trust\nhost all idle 127.0.0.1/32 scram-sha-256\n")
        ini = self.path("pgbouncer.ini", f"""\
[databases]
bench = host=127.0.0.1 port={self.postgres.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
listen_backlog = 1024
pool_mode = transaction
default_pool_size = {POOL_SIZE}
max_client_conn = {MAX_CLIENTS}
auth_type = hba
auth_hba_file = {self.path('hba')}
auth_file = {self.path('users')}
client_tls_sslmode = allow
client_tls_cert_file = {self.path('server.crt')}
client_tls_key_file = {self.path('server.key')}
server_tls_sslmode = disable
log_connections = 0
log_disconnections = 0
""")
        command = [PGBOUNCER_PROGRAM, "-q", ini]
        if os.getuid() != 0:
            return command
        # It refuses to run as root.
        for name in os.listdir(self.directory):
            shutil.chown(self.path(name), "postgres", "postgres")
        return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", *command]
