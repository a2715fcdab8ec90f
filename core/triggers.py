"""Migration operations that let a database refuse changes of a table by trigger, on SQLite and on PostgreSQL.

SQLite drops a table's triggers when Django remakes the table for a new column or constraint: the migration that does so
begins and ends with ``KeepRefusing``. ``tests/integration/core/test_append_only.py`` sees where it was forgotten.

SQLite's REPLACE deletes the row in its way without asking the trigger of DELETE, unless ``recursive_triggers`` is on.
A trigger of INSERT is not told which statement runs it, but what it inserts itself obeys that statement's conflict
clause (https://www.sqlite.org/lang_createtrigger.html): only REPLACE replaces the one row of the probe. So a duplicate
fails as it would without the trigger, and ``INSERT OR IGNORE`` and ``ON CONFLICT`` keep their meaning.
"""

from collections.abc import Sequence

from django.db import migrations
from django.db.backends.base.base import BaseDatabaseWrapper

MAY_TRUNCATE = "xiangpin.may_truncate"  # a setting of the session that lets the tests empty their database
PROBE = "core_replaceprobe"  # on SQLite, one row that never changes


class RefuseChange(migrations.RunPython):
    """Refuse ``UPDATE`` and ``DELETE`` of any row of a table, or ``UPDATE`` of some of its columns."""

    def __init__(self, table: str, *, columns: Sequence[str] = ()):
        def create(apps, schema_editor):
            connection = schema_editor.connection
            for statement in _drop(table, connection.vendor) + _create(table, connection, columns):
                schema_editor.execute(statement)

        def drop(apps, schema_editor):
            for statement in _drop(table, schema_editor.connection.vendor):
                schema_editor.execute(statement)

        super().__init__(create, drop)
        self.table, self.columns = table, tuple(columns)

    def deconstruct(self):
        return self.__class__.__name__, [self.table], {"columns": self.columns} if self.columns else {}


class KeepRefusing(RefuseChange):
    """Make the triggers of ``RefuseChange`` anew, forwards and backwards: first and last where a table is remade."""

    def __init__(self, table: str, *, columns: Sequence[str] = ()):
        super().__init__(table, columns=columns)
        self.reverse_code = self.code


def _create(table: str, connection: BaseDatabaseWrapper, columns: Sequence[str]) -> list[str]:
    if connection.vendor == "postgresql":
        changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
        verbs, when = ("UPDATE", f"WHEN ({changed}) ") if columns else ("UPDATE OR DELETE", "")
        refuse = f"EXECUTE FUNCTION {table}_refuse_change()"
        return [
            f"CREATE FUNCTION {table}_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF TG_OP = 'TRUNCATE' AND current_setting('{MAY_TRUNCATE}', true) = 'on' THEN RETURN NULL; "
            "END IF; "
            f"RAISE EXCEPTION '{table} is {_word(columns)}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$",
            f"CREATE TRIGGER {table}_append_only BEFORE {verbs} ON {table} FOR EACH ROW {when}{refuse}",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
        ]
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
    verbs, when = (("UPDATE",), f"WHEN {changed} ") if columns else (("UPDATE", "DELETE"), "")
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is {_word(columns)}'); END"
    return [
        *(f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {when}{refuse}" for verb in verbs),
        f"CREATE TABLE IF NOT EXISTS {PROBE} (id integer PRIMARY KEY, replaced integer NOT NULL)",
        f"INSERT OR IGNORE INTO {PROBE} VALUES (1, 0)",
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {_taken(table, connection)} "
        f"BEGIN INSERT OR IGNORE INTO {PROBE} VALUES (1, 1); "
        f"SELECT RAISE(ABORT, '{table} is {_word(columns)}') FROM {PROBE} WHERE replaced = 1; END",
    ]


def _taken(table: str, connection: BaseDatabaseWrapper) -> str:
    """Whether a row has one of the new row's keys already, asked of one unique index after the other."""
    keys = [("id = NEW.id", "")]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT found.name, master.sql FROM pragma_index_list(%s) AS found "
            'JOIN sqlite_master AS master ON master.name = found.name WHERE found."unique" ORDER BY found.name',
            [table],
        )
        for index, definition in cursor.fetchall():
            cursor.execute("SELECT name FROM pragma_index_info(%s) ORDER BY seqno", [index])
            columns = [name for (name,) in cursor.fetchall()]
            if None in columns:
                raise NotImplementedError(f"{index} is a key by an expression")
            equal = " AND ".join(f'"{column}" = NEW."{column}"' for column in columns)
            keys.append((equal, (definition or "").partition(" WHERE ")[2]))
    return " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {equal}{f' AND ({condition})' if condition else ''})"
        for equal, condition in keys
    )


def _word(columns: Sequence[str]) -> str:
    return "frozen" if columns else "append-only"


def _drop(table: str, vendor: str) -> list[str]:
    if vendor == "postgresql":
        return [
            f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}",
            f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}",
            f"DROP FUNCTION IF EXISTS {table}_refuse_change()",
        ]
    return [f"DROP TRIGGER IF EXISTS {table}_no_{verb}" for verb in ("update", "delete", "replace")]
