"""Numbers that go with the guarantees: examples, exact where they can be."""
