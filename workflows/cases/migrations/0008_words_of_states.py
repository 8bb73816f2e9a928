"""What the states are called; no table changes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0007_zone_of_a_regime'),
    ]

    operations = [
        migrations.AlterField(
            model_name='case',
            name='state',
            field=models.CharField(choices=[('filed', 'Filed, contact not confirmed'), ('received', 'Received'), ('triage', 'In triage'), ('identity_needed', 'Waiting for proof of identity'), ('information_needed', 'Waiting for information'), ('fee_needed', 'Waiting for a fee'), ('in_review', 'Under review'), ('decision_proposed', 'Decision proposed'), ('executing', 'Being carried out'), ('answered', 'Answered'), ('contested', 'Contested'), ('closed', 'Closed'), ('expired', 'Expired'), ('withdrawn', 'Withdrawn'), ('merged', 'Merged with another case'), ('rejected_as_abuse', 'Rejected as abuse')], default='filed', max_length=20, verbose_name='state'),
        ),
    ]
