"""A real Prometheus scrapes pgweir and answers questions about it."""
import json
import os
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

LIMIT = 60  # seconds for Prometheus to come up and to scrape twice


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="pgweir-prometheus.")
        cls.addClassCleanup(directory.cleanup)
        config = os.path.join(directory.name, "prometheus.yml")
        with open(config, "w", encoding="utf-8") as file:
            target = os.environ["METRICS_URL"].removeprefix("http://")
            file.write(
                "global: {scrape_interval: 1s}\n"
                f"scrape_configs: [{{job_name: pgweir, static_configs: [{{targets: ['{target}']}}]}}]\n"
            )
        address = f"127.0.0.1:{free_port()}"
        cls.url = f"http://{address}/api/v1/query?query="
        cls.log = open(os.path.join(directory.name, "log"), "w+", encoding="utf-8")
        cls.addClassCleanup(cls.log.close)
        process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={directory.name}/data",
             f"--web.listen-address={address}"],
            stdout=cls.log, stderr=cls.log,
        )
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.terminate)

    def ask(self, query, is_enough):
        """The value of a query, as soon as it satisfies `is_enough`."""
        deadline = time.monotonic() + LIMIT
        seen = "no answer"
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(self.url + urllib.parse.quote(query)) as answer:
                    seen = json.load(answer)["data"]["result"]
                    if seen and is_enough(float(seen[0]["value"][1])):
                        return seen[0]
            except (urllib.error.URLError, ConnectionError) as error:
                seen = error
            time.sleep(0.1)
        self.log.seek(0)
        self.fail(f"{query}: {seen}\n{self.log.read()}")

    def test_queries_and_their_latencies_are_found(self):
        subprocess.run(["psql", "-XqAt", "-o", os.devnull] + ["-c", "SELECT 1"] * 20, check=True)
        self.assertEqual(float(self.ask("up{job='pgweir'}", lambda value: value == 1)["value"][1]), 1)
        found = self.ask("pgweir_queries_total", lambda value: value >= 20)
        self.assertEqual((found["metric"]["database"], found["metric"]["user"]), ("app", "app"))
        quantile = "histogram_quantile(0.99, sum by (le) (pgweir_query_duration_seconds_bucket))"
        seconds = float(self.ask(quantile, lambda value: 0 < value < 60)["value"][1])
        self.assertGreater(seconds, 0)
        self.ask("scrape_samples_scraped{job='pgweir'}", lambda value: value > 50)


if __name__ == "__main__":
    unittest.main()
