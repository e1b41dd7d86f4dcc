"""What Snell et al. ask of strategies, one question a file."""
