"""The unit in deploy/: systemd accepts it, it exposes little, and the gateway works under its filter."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy" / "outcry.service"
BINARY = os.environ.get("OUTCRY_BINARY", str(ROOT / "out/dev/outcry"))
# Of 10, in tenths: what is left are the network, the host's file system, and no list of addresses.
EXPOSURE_MAX = 15

# A sanitizer makes system calls that the unit forbids.
IS_SANITIZED = any(name in BINARY for name in ("sanitizer", "/asan/", "/tsan/"))


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **options)


class UnitTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        # The program needn't be installed to check the unit.
        self.unit = pathlib.Path(directory.name) / UNIT.name
        self.unit.write_text(UNIT.read_text().replace("/usr/local/bin/outcry", BINARY))

    def test_systemd_understands_every_line(self):
        checked = run("systemd-analyze", "verify", "--man=no", str(self.unit))
        complaints = [line for line in checked.stderr.splitlines() if UNIT.name in line]
        self.assertEqual(complaints, [])
        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_it_exposes_little(self):
        rated = run(
            "systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE_MAX}",
            "--no-pager", str(self.unit),
        )
        self.assertEqual(rated.returncode, 0, rated.stdout)

    def test_it_can_write_only_to_its_state(self):
        text = UNIT.read_text()
        self.assertIn("ProtectSystem=strict", text)
        self.assertEqual(re.findall(r"^ReadWritePaths=", text, re.MULTILINE), [])
        self.assertIn("StateDirectory=outcry", text)


@unittest.skipIf(IS_SANITIZED, "sanitizers make system calls of their own")
class ConfinedTest(unittest.TestCase):
    """Stock clients, publishers and databases against a gateway that has the unit's system calls only."""

    def confined(self, *tests):
        environment = {
            **os.environ,
            "OUTCRY_BINARY": str(ROOT / "tests/support/confined"),
            "CONFINED_BINARY": BINARY,
        }
        files = [str(ROOT / "tests/integration" / f"{name}.test.mjs") for name in tests]
        ended = run("node", "--test", *files, env=environment)
        self.assertEqual(ended.returncode, 0, ended.stdout[-4000:])

    def test_what_the_unit_forbids_is_forbidden(self):
        # mount(2) is among @mount, which no line allows.
        environment = {**os.environ, "CONFINED_BINARY": "/usr/bin/mount"}
        ended = run(str(ROOT / "tests/support/confined"), "-t", "tmpfs", "x", "/mnt", env=environment)
        self.assertNotEqual(ended.returncode, 0)

    def test_clients_and_publishers(self):
        self.confined("clients")

    def test_tls_and_reloading(self):
        self.confined("tls", "reload")

    def test_databases_and_the_log(self):
        self.confined("postgres", "recovery")


if __name__ == "__main__":
    unittest.main()
