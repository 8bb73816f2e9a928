"""Kinds of notice are checked where they come in: a new one needs no migration."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notices', '0002_roles'),
    ]

    operations = [
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(max_length=30, verbose_name='notice'),
        ),
        migrations.AlterField(
            model_name='noticetext',
            name='kind',
            field=models.CharField(max_length=30, verbose_name='notice'),
        ),
    ]
