"""Models get the words that others search for."""

from django.db import migrations


class Migration(migrations.Migration):
    """Renames three tables; nothing else changes."""

    dependencies = [("corrections", "0013_places_left_out")]
    operations = [
        migrations.RenameModel("Return", "Reingestion"),
        migrations.RenameModel("Guarded", "GuardedSnapshot"),
        migrations.RenameModel("Receipt", "PipelineAcknowledgement"),
    ]
