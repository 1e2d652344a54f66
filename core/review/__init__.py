"""Queues and claims, label schemas, annotations and corrections, pairs."""
