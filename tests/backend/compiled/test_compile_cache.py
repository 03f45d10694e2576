"""Object code on disk: found again, never trusted when damaged, never required."""

import os
import stat
import subprocess
import sys

import pytest

from tapeflow.backend.compiled import compile_cache
from tapeflow.backend.compiled.native import llvm_module as program
from tapeflow.backend.compiled.run import machine_code
from tapeflow.backend.execute import execute

SQUARE = """
func.func @f(%x: f64) -> f64 {
  %y = arith.mulf %x, %x : f64
  func.return %y : f64
}
"""


@pytest.fixture
def directory(tmp_path, monkeypatch):
    place = tmp_path / "cache"
    monkeypatch.setenv("TAPEFLOW_CACHE_DIR", str(place))
    machine_code.cache_clear()
    return place


@pytest.fixture
def square(parse):
    return lambda: execute(parse(SQUARE), "f", [3.0], engine="compiled").results


def test_a_program_seen_before_is_not_compiled(directory, square, monkeypatch):
    assert square() == (9.0,)
    (kept,) = directory.iterdir()
    machine_code.cache_clear()
    monkeypatch.setattr(program, "llvm_text", None)
    assert square() == (9.0,)
    assert list(directory.iterdir()) == [kept]


def test_damage_is_noticed(directory, square):
    square()
    (kept,) = directory.iterdir()
    whole = kept.read_bytes()
    for damaged in (b"", whole[:-1], whole[:40] + b"\0" + whole[41:]):
        kept.write_bytes(damaged)
        machine_code.cache_clear()
        assert square() == (9.0,)
        assert kept.read_bytes() == whole


def test_an_unusable_directory_does_no_harm(directory, square):
    directory.write_text("not a directory")
    assert square() == (9.0,)


def test_a_new_compiler_has_a_new_key(monkeypatch):
    key = compile_cache.key_of("source", "f")
    compile_cache._compiler_digest.cache_clear()
    monkeypatch.setattr(compile_cache, "host_description", lambda: "another processor")
    assert compile_cache.key_of("source", "f") != key
    compile_cache._compiler_digest.cache_clear()


def test_keys_follow_code_and_not_comments():
    key = compile_cache.key_of("a = run.constants[0]  # 1\n", "f")
    assert compile_cache.key_of("a = run.constants[0]  # 2\n", "f") == key
    assert compile_cache.key_of("a = run.constants[1]  # 1\n", "f") != key


def test_the_oldest_files_make_room(directory, monkeypatch):
    monkeypatch.setattr(compile_cache, "MOST_FILES", 4)
    for number in range(6):
        compile_cache.save(f"key{number}", b"code")
        os.utime(directory / f"key{number}.o", (number, number))
    kept = {path.stem for path in directory.iterdir()}
    assert "key5" in kept and "key0" not in kept and len(kept) <= 4


def test_directories_follow_the_environment(monkeypatch):
    monkeypatch.setenv("TAPEFLOW_CACHE_DIR", "/a")
    assert str(compile_cache.cache_directory()) == "/a"
    monkeypatch.delenv("TAPEFLOW_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/b")
    assert str(compile_cache.cache_directory()) == "/b/tapeflow"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert compile_cache.cache_directory().parts[-2:] == (".cache", "tapeflow")


def test_concurrent_runs_share_it(directory):
    script = (
        "from tapeflow.backend.compiled import compile_cache as c\n"
        "for i in range(200):\n"
        "    c.save('key', bytes([i]) * 5000)\n"
        "    code = c.load('key')\n"
        "    assert code is not None and len(code) == 5000 and len(set(code)) == 1\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(2)]
    assert [run.wait() for run in runs] == [0, 0]
    (kept,) = directory.iterdir()
    assert stat.S_ISREG(kept.stat().st_mode)
