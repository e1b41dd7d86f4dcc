"""Makes data/datasets with Hugging Face datasets itself: ``pip install datasets``, then run this in an empty folder."""

import random

from datasets import Dataset, DatasetDict

if __name__ == "__main__":
    generator = random.Random(7)
    rows = [
        {"problem": f"p{q}", "passed": generator.random() < 0.4, "length": generator.randint(1, 50)}
        for q in range(5)
        for _ in range(6)
    ]
    Dataset.from_list(rows).save_to_disk("datasets/flat", num_shards=2)
    DatasetDict({"test": Dataset.from_list(rows[:12])}).save_to_disk("datasets/splits")
