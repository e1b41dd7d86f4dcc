"""Randomly initialised reward models of real architectures: ``tiny_reward_models.py TOKENIZER PROCESS OUTCOME``."""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer, LlamaConfig, LlamaForSequenceClassification, Qwen2Config, Qwen2Model

SIZE = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
}


def main() -> None:
    source, process, outcome = sys.argv[1], *map(Path, sys.argv[2:])
    tokenizer = AutoTokenizer.from_pretrained(source)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<extra_0>"]})
    shape = {**SIZE, "vocab_size": len(tokenizer), "max_position_embeddings": 1024, "pad_token_id": 0}
    for folder in process, outcome:
        tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(**shape, num_labels=1)
    LlamaForSequenceClassification(config).to(torch.bfloat16).save_pretrained(outcome)
    torch.manual_seed(0)
    # Qwen2.5-Math-PRM is Qwen2 with a two-layer head, in a class that transformers does not have.
    config = Qwen2Config(**shape, num_labels=2)
    config.architectures = ["Qwen2ForProcessRewardModel"]
    weights = {f"model.{name}": w.to(torch.bfloat16) for name, w in Qwen2Model(config).state_dict().items()}
    for layer, out in ((0, 64), (2, 2)):
        head = torch.nn.Linear(64, out)
        weights[f"score.{layer}.weight"] = head.weight.detach().to(torch.bfloat16) * 4
        weights[f"score.{layer}.bias"] = head.bias.detach().to(torch.bfloat16)
    save_file({k: w.contiguous() for k, w in weights.items()}, process / "model.safetensors", {"format": "pt"})
    (process / "config.json").write_text(json.dumps({**config.to_dict(), "dtype": "bfloat16"}, default=str))


if __name__ == "__main__":
    main()
