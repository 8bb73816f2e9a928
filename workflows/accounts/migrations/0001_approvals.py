"""What waits for a second person, invitations, and the index of the account log."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


# Not on the model: the log knows not which of its steps are about accounts.
INDEX = """
CREATE INDEX accounts_event ON ledger_event (at DESC, id DESC) WHERE name IN (
    'approval.requested', 'approval.granted', 'approval.rejected', 'approval.withdrawn',
    'account.activated', 'account.deactivated', 'account.address_changed', 'account.renamed',
    'roles.changed', 'invitation.mailed', 'invitation.accepted', 'invitation.revoked',
    'password.changed', 'password.reset', 'password.reset_by_link', 'password.reset_by_mail',
    'password.changed_by_command', 'second_factor.added', 'second_factor.removed',
    'superuser.created', 'regulator.admitted', 'token.issued', 'token.requested',
    'token.approved', 'token.revoked', 'pipeline.admitted', 'pipeline.token_issued',
    'pipeline.token_approved', 'pipeline.token_withdrawn', 'two_person_rule.began'
)
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('datasets', '0008_approved_tokens'),
        ('ledger', '0007_one_check'),
        ('reports', '0009_regulator_tokens'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountEvent',
            fields=[
            ],
            options={
                'verbose_name': 'account event',
                'verbose_name_plural': 'account log',
                'proxy': True,
                'default_permissions': ('view',),
                'indexes': [],
                'constraints': [],
            },
            bases=('ledger.event',),
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('purpose', models.CharField(choices=[('invite', 'a new account'), ('reset', 'a new password')], max_length=10, verbose_name='purpose')),
                ('token_digest', models.BinaryField(max_length=32, null=True, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='made')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='sent')),
                ('expires_at', models.DateTimeField(null=True, verbose_name='expires')),
                ('used_at', models.DateTimeField(null=True, verbose_name='used')),
                ('revoked_at', models.DateTimeField(null=True, verbose_name='revoked')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'invitation',
                'verbose_name_plural': 'invitations',
                'ordering': ['-created_at'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ApprovalRequest',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('invite', 'Invite to a new account'), ('roles', 'Give roles'), ('activate', 'Let in again'), ('address', 'Change the e-mail address'), ('password', 'Mail a link for a new password'), ('second_factor', 'Remove the second factor'), ('admission', 'Show the cases of a regime to a regulator'), ('regulator_token', "Regulator's API token"), ('pipeline_token', "Pipeline's API token")], max_length=20, verbose_name='what')),
                ('terms', models.JSONField(default=dict, verbose_name='terms')),
                ('requested_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='asked for')),
                ('expires_at', models.DateTimeField(verbose_name='expires')),
                ('state', models.CharField(choices=[('waiting', 'waiting for approval'), ('approved', 'approved'), ('rejected', 'rejected'), ('withdrawn', 'withdrawn'), ('expired', 'expired')], default='waiting', max_length=10, verbose_name='state')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided')),
                ('exemption', models.CharField(blank=True, choices=[('first_accounts', 'before there were two people who can approve'), ('command', 'approved by a command on the server')], max_length=20, verbose_name='without a second person')),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='approval_requests', to=settings.AUTH_USER_MODEL, verbose_name='account')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('pipeline', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='approval_requests', to='datasets.pipelinetoken')),
                ('regulator_token', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='approval_requests', to='reports.regulatortoken')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
            ],
            options={
                'verbose_name': 'approval',
                'verbose_name_plural': 'approvals',
                'ordering': ['-requested_at'],
                'permissions': [('decide_approvalrequest', 'Can approve or reject what others asked for')],
                'default_permissions': ('view',),
                'constraints': [models.CheckConstraint(condition=models.Q(('decided_by', None), models.Q(('decided_by', models.F('requested_by')), _negated=True), _connector='OR'), name='nobody_decides_on_their_own_request'), models.CheckConstraint(condition=models.Q(('decided_by', None), ('account', None), models.Q(('decided_by', models.F('account')), _negated=True), _connector='OR'), name='nobody_decides_on_themselves'), models.CheckConstraint(condition=models.Q(('kind', 'regulator_token'), ('account', None), models.Q(('requested_by', models.F('account')), _negated=True), _connector='OR'), name='nobody_asks_about_themselves'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('decided_by__isnull', False), ('exemption', '')), models.Q(('decided_by__isnull', True), ('exemption__in', ['first_accounts', 'command'])), _connector='OR'), name='approved_by_a_second_person'), models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('account', 'kind'), name='one_waiting_approval_of_a_kind'), models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('pipeline',), name='one_waiting_approval_of_a_pipeline')],
            },
        ),
        migrations.RunSQL(INDEX, "DROP INDEX accounts_event"),
    ]
