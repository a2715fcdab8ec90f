"""Migration operations that make a table append-only by trigger, on SQLite and on PostgreSQL."""

from django.db import migrations


class RefuseChange(migrations.RunPython):
    """Refuse ``UPDATE`` and ``DELETE`` of any row of a table."""

    def __init__(self, table: str):
        def create(apps, schema_editor):
            for statement in _create(table, schema_editor.connection.vendor):
                schema_editor.execute(statement)

        def drop(apps, schema_editor):
            for statement in _drop(table, schema_editor.connection.vendor):
                schema_editor.execute(statement)

        super().__init__(create, drop)
        self.table = table

    def deconstruct(self):
        return self.__class__.__name__, [self.table], {}


def _create(table: str, vendor: str) -> list[str]:
    if vendor == "postgresql":
        return [
            f"CREATE FUNCTION {table}_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only' "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$",
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_refuse_change()",
        ]
    return [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ]


def _drop(table: str, vendor: str) -> list[str]:
    if vendor == "postgresql":
        return [f"DROP TRIGGER {table}_append_only ON {table}", f"DROP FUNCTION {table}_refuse_change()"]
    return [f"DROP TRIGGER {table}_no_{verb}" for verb in ("update", "delete")]
