"""The second engine: a model behind an OpenAI-compatible API, asked over HTTP."""
