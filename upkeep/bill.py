"""The bill of materials: every package of others that runs, as CycloneDX (ASVS 15.1.2).

    python -m upkeep.bill > portico.cdx.json

Python packages come from requirements.txt with the hashes of the files that may be installed, browser files from
static/README.md with the hashes of what is served.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
SERVED = re.compile(r"^\| ([\w.-]+) \| (\d[\w.]*) \| ([\w-]+) \|", re.MULTILINE)


def python_packages() -> list[dict]:
    """The pinned packages, each with the hashes of its files."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    found = list(PINNED.finditer(text))
    ends = [one.start() for one in found[1:]] + [len(text)]
    made = []
    for one, end in zip(found, ends, strict=True):
        hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", text[one.start() : end])
        made.append(_component(one[1], one[2], f"pkg:pypi/{one[1].lower()}@{one[2]}", hashes))
    return made


def browser_files() -> list[dict]:
    """What browsers fetch of others, with the hashes of the files."""
    made = []
    for name, version, licence in SERVED.findall((ROOT / "static" / "README.md").read_text(encoding="utf-8")):
        files = sorted((ROOT / "static").glob(f"{name.partition('.')[0]}-{version}*"))
        hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
        licences = {"licenses": [{"license": {"id": licence}}]}
        made.append(_component(name, version, f"pkg:npm/{name}@{version}", hashes) | licences)
    return made


def _component(name: str, version: str, purl: str, hashes: list[str]) -> dict:
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in hashes],
    }


def bill(version: str) -> dict:
    """The whole as CycloneDX 1.5; the same each time for the same packages."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "portico", "version": version}},
        "components": [*python_packages(), *browser_files()],
    }


if __name__ == "__main__":
    from app import __version__

    json.dump(bill(__version__), sys.stdout, indent=2)
    print()
