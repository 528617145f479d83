"""Lines for the batch modes, made from a benchmark folder (gold.jsonl and a zip of the files it names).

python tests/benchmarks/inputs.py pages FOLDER | python -m services.parser once > predictions.jsonl
python tests/benchmarks/inputs.py feeds FOLDER | python -m services.fetcher once > predictions.jsonl
"""

import argparse
import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

SETS = {"pages": ("html.zip", "html"), "feeds": ("feeds.zip", "file")}  # the zip, and the gold field that names a file


def lines(task: str, folder: Path) -> Iterator[str]:
    archive, field = SETS[task]
    with ZipFile(folder / archive) as files, (folder / "gold.jsonl").open(encoding="utf-8") as gold:
        for row in map(json.loads, gold):
            body = base64.b64encode(files.read(row[field])).decode()
            yield json.dumps({"id": row["id"], "url": row.get("url"), "content_type": None, "body": body})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=SETS)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    for line in lines(options.task, options.folder):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
