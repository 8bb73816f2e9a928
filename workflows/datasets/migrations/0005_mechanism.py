"""What a provider must be able to explain of a model besides its data: the mechanism."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0004_lookups")]

    operations = [
        migrations.AddField(
            model_name="trainedmodel",
            name="mechanism",
            field=models.TextField(
                blank=True,
                help_text="How the algorithm works, for regulators who ask.",
                verbose_name="mechanism of the algorithm",
            ),
        ),
    ]
