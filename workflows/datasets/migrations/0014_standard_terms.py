"""Models get the words that others search for."""

from django.db import migrations


class Migration(migrations.Migration):
    """Renames one table; nothing else changes."""

    dependencies = [("datasets", "0013_delete_search_index")]
    operations = [migrations.RenameModel("Spelling", "AddedSpelling")]
