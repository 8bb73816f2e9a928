"""Models get the words that others search for."""

from django.db import migrations


class Migration(migrations.Migration):
    """Renames one model, which has no table of its own."""

    dependencies = [("reports", "0010_bind_sealed_rows")]
    operations = [migrations.RenameModel("Look", "AccessEvent")]
