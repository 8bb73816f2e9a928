from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('outbox', '0004_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Canary',
            fields=[
                ('name', models.TextField(primary_key=True, serialize=False)),
                ('sent_at', models.DateTimeField(null=True)),
                ('seen_at', models.DateTimeField(null=True)),
                ('busy_at', models.DateTimeField(null=True)),
            ],
        ),
    ]
