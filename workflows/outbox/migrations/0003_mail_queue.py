import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('outbox', '0002_correlation_id'),
    ]

    operations = [
        migrations.AddField(
            model_name='effect',
            name='counted_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='effect',
            name='queue',
            field=models.TextField(db_default='celery'),
        ),
        migrations.AddField(
            model_name='effect',
            name='sent_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='effect',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AlterField(
            model_name='effect',
            name='due_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
    ]
