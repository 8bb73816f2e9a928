"""Load the State Council's notices for 2024 to 2026 from the files that are shipped."""

from django.db import migrations

from workflows.regimes.calendars import bundled_notices

YEARS = range(2024, 2027)


def load(apps, schema_editor):
    calendar = apps.get_model("regimes", "BusinessCalendar")
    calendar.objects.bulk_create(
        calendar(
            region=notice.region,
            year=notice.year,
            status="official",
            days_off=sorted(notice.days_off),
            extra_working_days=sorted(notice.extra_working_days),
            source=notice.source,
            loaded_by="migration regimes.0002",
        )
        for notice in bundled_notices()
        if notice.region == "CN" and notice.year in YEARS
    )


class Migration(migrations.Migration):
    dependencies = [("regimes", "0001_initial")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop, elidable=False)]
