"""Fault reports: findings, parts, photos, signature, versions, paper."""
