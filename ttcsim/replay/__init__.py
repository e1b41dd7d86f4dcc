"""From a pool and policies to a result: setting, sweep, run folder."""
