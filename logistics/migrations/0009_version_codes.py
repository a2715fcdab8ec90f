"""Codes for the lanes and rounds that are there: each is the first version of its own line."""

from collections import Counter

from django.db import migrations


def give_codes(apps, schema_editor):
    seen = Counter()
    for model, base in ((apps.get_model('logistics', 'Lane'), _lane), (apps.get_model('logistics', 'Round'), _round)):
        rows = list(model.objects.order_by('pk').select_related(*(('origin', 'destination') if base is _lane else ('hub',))))
        for row in rows:
            row.code = base(row, seen)
        model.objects.bulk_update(rows, ['code'], batch_size=500)


def _lane(row, seen):
    code = f'L-{row.origin.code.removeprefix("H")}-{row.destination.code.removeprefix("H")}-{row.departs:%H%M}'
    seen[code] += 1
    return code if seen[code] == 1 else f'{code}-{seen[code]}'


def _round(row, seen):
    code = f'R-{row.hub.code.removeprefix("H")}'
    seen[code] += 1
    return f'{code}-{seen[code]}'


class Migration(migrations.Migration):

    dependencies = [
        ('logistics', '0008_versions'),
    ]

    operations = [
        migrations.RunPython(give_codes, migrations.RunPython.noop),
    ]
