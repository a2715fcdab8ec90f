"""Set-based SQL that both databases understand and Django's ORM does not write."""

from collections.abc import Sequence

from django.db import connection


def values(rows: Sequence[Sequence], types: Sequence[str]) -> tuple[str, list]:
    """Return rows as a table ``v`` with ``column1``, ``column2`` and so on, and its parameters, to be put into a FROM.

    :param rows: at least one, all of one length.
    :param types: PostgreSQL's name of each column's type; SQLite needs none.
    """
    if connection.vendor == "postgresql":  # an array a column: a statement with thousands of marks is slow to read
        arrays = ", ".join(f"%s::{kind}[]" for kind in types)
        names = ", ".join(f"column{number}" for number in range(1, len(types) + 1))
        return f"unnest({arrays}) AS v ({names})", [list(column) for column in zip(*rows, strict=True)]
    marks = ", ".join([f"({', '.join(['%s'] * len(types))})"] * len(rows))
    return f"(VALUES {marks}) AS v", [part for row in rows for part in row]


def update_from(
    table: str, *, rows: Sequence[tuple[int, int]], assign: str, where: str = "TRUE", returning: str = "id"
) -> set[int]:
    """Update many rows, each by its own amount, in one statement, and return the ids of those that were updated.

    ``assign`` and ``where`` are SQL written by us (never data); ``t`` is the table, ``v.column1`` a row's id and
    ``v.column2`` its amount, as both SQLite and PostgreSQL name the columns of ``VALUES``.

    :param rows: pairs of id and amount, each id once.
    """
    if not rows:
        return set()
    table_of_rows, parameters = values(sorted(rows), ("bigint", "bigint"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS t SET {assign} FROM {table_of_rows} "
            f"WHERE t.id = v.column1 AND {where} RETURNING {returning}",
            parameters,
        )
        return {row[0] for row in cursor.fetchall()}
