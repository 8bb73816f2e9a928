import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_applicability")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="former_regimes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=10),
                default=list,
                editable=False,
                size=None,
            ),
        ),
    ]
