"""The documentation, and what builds it: documents are read where they lie, ``make docs`` makes a site of them."""
