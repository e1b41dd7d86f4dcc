"""Zuo & Zhu's policies on pools of strong models."""
