"""Item kinds and outcomes are checked where they come in: a new one needs no migration."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0015_admission'),
    ]

    operations = [
        migrations.AlterField(
            model_name='identitypolicy',
            name='kinds',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, size=None, verbose_name='for which items'),
        ),
        migrations.AlterField(
            model_name='item',
            name='kind',
            field=models.CharField(max_length=20, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='item',
            name='outcome',
            field=models.CharField(blank=True, max_length=24, verbose_name='outcome'),
        ),
    ]
