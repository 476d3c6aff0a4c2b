"""Articles made for the tests of bulk runs: sentences of our own over the demo's evidence, no two articles alike."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

_OPENINGS = (
    "JAKARTA - Menteri Luar Negeri Iran Abbas Araghchi tiba di Moskow pada {day} Juni 2025 untuk bertemu {host}.",
    "MOSCOW - Iranian Foreign Minister Abbas Araghchi met {host} in Moscow on {day} June 2025.",
)
_MIDDLES = (
    "Sekitar {number} orang menghadiri pertemuan itu, kata juru bicara Kremlin Dmitry Peskov.",
    "Peskov mengatakan Rusia siap menjadi penengah antara Iran dan Israel.",
    "Rombongan delegasi {town} membawa {number} kotak bantuan dari Tashkent.",
    "The agency said {number} inspectors were still in {town}.",
    "Harga minyak mentah Brent naik {number} persen pada hari yang sama.",
    "The United States struck three nuclear sites, including Fordow, on 22 June.",
    "Pertemuan di {town} itu berlangsung selama {number} menit.",
)
_HOSTS = ("Presiden Vladimir Putin", "Sergei Lavrov", "Dmitry Medvedev")
_TOWNS = ("Natanz", "Isfahan", "Bogor", "Kazan", "Doha", "Jenewa")


def articles(count: int, sentences: int = 3, seed: int = 0) -> Iterator[dict[str, str]]:
    """`count` articles as the lines of a JSONL input."""
    for number in range(count):
        rng = random.Random(f"{seed}-{number}")
        lines = [rng.choice(_OPENINGS), *rng.sample(_MIDDLES, min(sentences - 1, len(_MIDDLES)))]
        filled = [
            line.format(
                day=rng.randint(20, 26),
                host=rng.choice(_HOSTS),
                number=rng.randint(2, 900),
                town=rng.choice(_TOWNS),
            )
            for line in lines
        ]
        title = f"Kabar diplomasi nomor {number}"
        yield {"id": f"uji-{number}", "title": title, "text": f"{title}\n\n" + " ".join(filled) + "\n"}


def write_jsonl(path: Path, count: int, sentences: int = 3, seed: int = 0) -> Path:
    """The articles as a JSONL file."""
    with path.open("w", encoding="utf-8") as file:
        for article in articles(count, sentences, seed):
            file.write(json.dumps(article, ensure_ascii=False) + "\n")
    return path
