from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='contactchallenge',
            name='sent_at',
            field=models.DateTimeField(null=True, verbose_name='sent'),
        ),
    ]
