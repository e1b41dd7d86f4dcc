"""Charts as Vega-Lite describes them: plain data, which a page draws."""
