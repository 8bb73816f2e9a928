"""What the states are called; no table changes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='complaint',
            name='state',
            field=models.CharField(choices=[('received', 'Received'), ('acknowledged', 'Acknowledged'), ('in_handling', 'Under review'), ('answered', 'Answered'), ('closed', 'Closed'), ('withdrawn', 'Withdrawn')], default='received', max_length=20, verbose_name='state'),
        ),
    ]
