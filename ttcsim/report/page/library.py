"""The library that draws: Vega-Lite, as one script.

Vega and not Plotly: its script is 0.9 MB, not 4.8, it needs no `eval`, and each point that it draws has a label that
screen readers say. vl-convert makes it, in seconds, so it is kept beside the kernels, which nobody else may write to.
"""

from __future__ import annotations

from importlib.metadata import version

from ttcsim.compiled import kernel_files

_GIVES = "window.vegaEmbed = vegaEmbed;"


def library() -> str:
    """Vega, Vega-Lite and Vega-Embed, which scripts know by the last of these names."""
    name = f"vega-{version('vl-convert-python')}.js"
    kept = kernel_files.read(name, _GIVES)
    if kept is None:
        import vl_convert

        kept = vl_convert.javascript_bundle(_GIVES).encode()
        kernel_files.write(name, _GIVES, kept)
    return kept.decode()
