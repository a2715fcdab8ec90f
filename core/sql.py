"""Set-based SQL that both databases understand and Django's ORM does not write."""

from collections.abc import Sequence

from django.db import connection


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
    values = ", ".join(["(CAST(%s AS bigint), CAST(%s AS bigint))"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS t SET {assign} FROM (VALUES {values}) AS v "
            f"WHERE t.id = v.column1 AND {where} RETURNING {returning}",
            [part for row in sorted(rows) for part in row],
        )
        return {row[0] for row in cursor.fetchall()}
