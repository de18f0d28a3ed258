"""What a technician reads of a configuration, in Indonesian."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pole_agent.languages import in_language
from tests.cli import call


def test_what_varies_stays() -> None:
    assert (
        in_language('rule[0].zone: unknown zone "x"; known: "road"', "id")
        == 'rule[0].zone: zona "x" tidak dikenal; yang ada: "road"'
    )
    assert (
        in_language("lamp.floor: expected less than or equal to 1; got 2", "id")
        == "lamp.floor: harus paling banyak 1; diberikan: 2"
    )
    assert in_language(
        "x.toml: cannot be read: Permission denied; write one with: pole-agent init", "id"
    ) == ("x.toml: tidak dapat dibaca: akses ditolak; buat dengan: pole-agent init")
    assert in_language("x.toml: is not valid TOML: Invalid value (at line 3, column 5)", "id") == (
        "x.toml: bukan TOML yang sah: nilai tidak sah (pada baris 3, kolom 5)"
    )
    assert in_language("something nobody wrote", "id") == "something nobody wrote"


def test_check_and_init_speak_indonesian(bench: Callable[..., Path], tmp_path: Path) -> None:
    config = bench("floor = 7\n")
    done = call("check", "--config", str(config), "--lang", "id")
    assert done.returncode == 2
    assert "lamp.floor: harus paling banyak 1" in done.stderr
    fine = call("check", "--config", str(bench()), "--lang", "id")
    assert "peringatan: mqtt: tidak ada broker" in fine.stdout
    assert "baik: tiang T-1" in fine.stdout
    made = call(
        "init", "--lang", "id", "--latitude=-6.8", "--longitude=107.9", "--out", str(tmp_path / "new.toml")
    )
    assert "ditulis; berikutnya: pole-agent check" in made.stdout
