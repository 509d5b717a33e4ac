"""The tables of each index version, made by Alembic. A revision freezes its own columns and imports nothing of ours."""
