"""The facts that figures are counted from, the triggers that keep them, and those of the cases there are."""

import django.db.models.deletion
from django.db import migrations, models

from workflows.common.sql_files import run_sql


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0007_zone_of_a_regime'),
        ('oversight', '0002_guards'),
    ]

    operations = [
        migrations.CreateModel(
            name='Subtotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('regime', models.CharField(max_length=10)),
                ('month', models.DateField()),
                ('kind', models.CharField(max_length=20)),
                ('requester', models.CharField(max_length=20)),
                ('result', models.CharField(max_length=12)),
                ('ground', models.CharField(max_length=60)),
                ('missed', models.BooleanField()),
                ('days', models.IntegerField(null=True)),
                ('number', models.IntegerField()),
            ],
            options={
                'verbose_name': 'subtotal',
                'verbose_name_plural': 'subtotals',
                'indexes': [models.Index(fields=['regime', 'kind', 'month'], include=('requester', 'result', 'ground', 'missed', 'days', 'number'), name='subtotal_months')],
            },
        ),
        migrations.CreateModel(
            name='Fact',
            fields=[
                ('regime', models.CharField(max_length=10)),
                ('month', models.DateField()),
                ('kind', models.CharField(max_length=20)),
                ('requester', models.CharField(max_length=20)),
                ('result', models.CharField(max_length=12)),
                ('ground', models.CharField(max_length=60)),
                ('missed', models.BooleanField()),
                ('days', models.IntegerField(null=True)),
                ('pk', models.CompositePrimaryKey('case_id', 'regime', 'position', blank=True, editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField()),
                ('filed_at', models.DateTimeField()),
                ('state', models.CharField(max_length=20)),
                ('late_from', models.DateTimeField(null=True)),
                ('case', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='facts', to='cases.case')),
            ],
            options={
                'verbose_name': 'fact',
                'verbose_name_plural': 'facts',
                'indexes': [models.Index(condition=models.Q(('position', 0)), fields=['regime', '-filed_at', '-case'], include=('position', 'state', 'missed', 'late_from'), name='fact_of_case'), models.Index(condition=models.Q(('position__gt', 0)), fields=['regime', 'kind', '-filed_at'], include=('case',), name='fact_of_item'), models.Index(condition=models.Q(('late_from__isnull', False)), fields=['regime', 'late_from'], name='fact_late')],
            },
        ),
        run_sql(__file__, "facts"),
    ]
