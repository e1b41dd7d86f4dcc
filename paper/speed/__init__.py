"""Speed, as `make bench` measured it last."""
