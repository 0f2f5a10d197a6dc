"""Schema changes, one file each, applied in order under one lock."""

from __future__ import annotations


def run(database) -> list[str]:
    """Bring the database up to this version; returns what was done."""
    import models
    import tasks

    tables = [t for t in models.TABLES if not t.table_exists()]
    database.create_tables(models.TABLES)
    database.create_tables(tasks.queue_models(database))
    if not models.VisitType.select().exists():
        from blueprints.visits import rules as visits

        visits.default_types()
    return [f"Made {len(tables)} tables."] if tables else []
