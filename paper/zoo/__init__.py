"""Every published policy on every pool, and Zuo & Zhu's findings."""
