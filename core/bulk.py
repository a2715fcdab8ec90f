"""Writing many rows at once, past the ORM where it costs more than the database.

PostgreSQL takes them by COPY, SQLite by one prepared statement. Model defaults, ``save()`` and signals play no part:
every column that has no default in the database is named.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db import connection, models


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Insert rows into a model's table inside the caller's transaction.

    :param columns: of the table, as the database names them.
    :param rows: a value for each column: numbers, text, aware times, days, None; JSON is text already.
    :raises RuntimeError: outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("many rows are written inside a transaction")
    table, names = model._meta.db_table, ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(columns))
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({marks})", [[_kept(value) for value in row] for row in rows]
        )


def next_ids(model: type[models.Model], number: int) -> list[int]:
    """Return so many primary keys that nobody else gets, for rows that are to be inserted in this transaction."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            series = f"pg_get_serial_sequence('{table}', 'id')"
            cursor.execute(f"SELECT nextval({series}) FROM generate_series(1, %s)", [number])
            return [pk for (pk,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])  # its writer is alone
        last = (cursor.fetchone() or (0,))[0]
        return list(range(last + 1, last + number + 1))


def _kept(value):
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, dt.datetime) else value
