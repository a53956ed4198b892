"""Code that only the start needed is given back; the program does not notice."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import re, ssl, sqlite3
import grpc
from tenantwatch_agent.pages import give_back_code

def resident_kilobytes(name):
    found, is_code = 0, False
    for line in open("/proc/self/smaps"):
        if re.match("[0-9a-f]+-[0-9a-f]+ ", line):
            is_code = " r-xp " in line and name in line
        elif is_code and line.startswith("Rss:"):
            found += int(line.split()[1])
    return found

before = resident_kilobytes("cygrpc")
give_back_code()
print(before, resident_kilobytes("cygrpc"))
ssl.create_default_context()
print(sqlite3.connect(":memory:").execute("SELECT 1 + 1").fetchone()[0], grpc.StatusCode.OK.name)
"""


def test_code_that_is_not_in_use_is_not_resident_and_comes_back() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, timeout=300, env=environment
    )
    assert done.returncode == 0, done.stderr
    sizes, answers = done.stdout.splitlines()
    before, after = map(int, sizes.split())
    assert after < before / 2
    assert answers == "2 OK"


_CHANGED = """
import ctypes, mmap, sys
from tenantwatch_agent.pages import give_back_code

with open(sys.argv[1], "r+b") as file:
    code = mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code[0:7] = b"patched"
address = ctypes.addressof(ctypes.c_char.from_buffer(code))
assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(address), len(code), mmap.PROT_READ | mmap.PROT_EXEC) == 0
give_back_code()
print(ctypes.string_at(address, 7).decode())
"""


def test_code_that_was_changed_in_memory_stays(tmp_path: Path) -> None:
    (tmp_path / "code").write_bytes(b"as on disk".ljust(mmap.PAGESIZE))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", _CHANGED, str(tmp_path / "code")],
        capture_output=True, text=True, timeout=300, env=environment,
    )  # fmt: skip
    assert done.stdout == "patched\n", done.stderr
