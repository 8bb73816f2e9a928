from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Effects are written and run while the indexes are built.
    atomic = False

    dependencies = [
        ('outbox', '0003_mail_queue'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='effect',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['queue', 'due_at'], name='outbox_pending'),
        ),
        AddIndexConcurrently(
            model_name='effect',
            index=models.Index(condition=models.Q(('state', 'done')), fields=['due_at'], name='outbox_done'),
        ),
        RemoveIndexConcurrently(
            model_name='effect',
            name='outbox_pending_due',
        ),
    ]
