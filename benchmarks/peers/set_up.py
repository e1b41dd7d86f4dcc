"""Install the peers into an environment of their own, and write down which came and what the others said.

``python benchmarks/peers/set_up.py FOLDER`` makes FOLDER, a virtual environment, and ``FOLDER/peers.json``: for every
peer the version that was installed, and what stood in the way of the ones that were tried before it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import venv
from pathlib import Path

# SMPyBandits 0.9.7 imports scipy.special.btdtri, gone in SciPy 1.14, and that SciPy wants NumPy below 2.3.
BASE = ["numpy==1.26.4", "scipy==1.13.1", "pandas==2.2.3", "scikit-learn==1.5.2", "matplotlib==3.10.3", "pyyaml==6.0.2"]
PEERS = {
    "SMPyBandits": [["SMPyBandits==0.9.7"]],
    "MABWiser": [["mabwiser==2.7.4"]],
    # 0.4.0 is the last that does not load torch, which is gigabytes and not wanted by its policies without contexts.
    "Open Bandit Pipeline": [["obp==0.5.7"], ["obp==0.4.0"]],
    "banditpylib": [["banditpylib"]],
    "FEval-TTC": [["feval_ttc"]],
}
"""What to try for each, in turn; that the last two are in no index, pip says."""
LOADS = {"Open Bandit Pipeline": "obp.policy", "SMPyBandits": "SMPyBandits.Policies", "MABWiser": "mabwiser.mab"}


def main() -> None:
    folder = Path(sys.argv[1])
    venv.create(folder, with_pip=True, clear=True)
    python = str(folder / "bin" / "python")
    wrong = install(python, BASE)
    if wrong:
        sys.exit(f"peers: {wrong}")
    found = {}
    for name, tries in PEERS.items():
        came, refused = None, []
        for packages in tries:
            # Alone first: what it says of itself tells more than which versions do not go together.
            alone = install(python, ["--no-deps", packages[0]])
            wrong = alone or install(python, [*packages, *BASE]) or load(python, LOADS.get(name))
            if not wrong:
                came = packages[0]
                break
            refused.append(f"{packages[0]}: {wrong}")
        found[name] = {"installed": came, "refused": refused}
        print(f"{name}: {came or 'none'}{''.join(f' ({why})' for why in refused)}", file=sys.stderr)
    (folder / "peers.json").write_text(json.dumps(found, indent=1))


def install(python: str, packages: list[str]) -> str:
    """Nothing, or in a few words why they cannot be installed."""
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*command, *packages], capture_output=True, text=True)
    return "" if done.returncode == 0 else reason(done.stderr)


def load(python: str, module: str | None) -> str:
    """Nothing, or why a module cannot be imported."""
    if module is None:
        return ""
    done = subprocess.run([python, "-W", "ignore", "-c", f"import {module}"], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def reason(said: str) -> str:
    """The line of pip's errors that says most, without its head."""
    lines = [line.strip() for line in said.splitlines() if re.match(r"\s*(ERROR|error):?\s", line)]
    telling = [line for line in lines if "requires a different Python" in line or "No matching" in line] or lines
    return re.sub(r"^(ERROR|error):?\s*", "", telling[-1]) if telling else "pip failed without a word"


if __name__ == "__main__":
    main()
