"""Says with which key digests were made, so that the index key can be changed.

Until now there was but one. Who upgrades and changes it at once has it among the old ones.
"""

import base64
import hashlib
import hmac

from django.conf import settings
from django.db import migrations, models


def name_of(secret):
    return hmac.digest(secret, b"name of the key", hashlib.sha256)[:8].hex()


def name_keys(apps, schema_editor):
    tombstones = apps.get_model("corrections", "Tombstone").objects.filter(key_name="")
    phrases = apps.get_model("corrections", "Suppression").objects.filter(key_name="")
    if not tombstones.exists() and not phrases.exists():
        return
    *_newer, first = (settings.INDEX_KEY, *settings.INDEX_OLD_KEYS)
    secret = base64.b64decode(first)
    comparison_key = hmac.digest(secret, b"keyed hash|suppression.phrase", hashlib.sha256)
    tombstones.update(key_name=name_of(secret))
    phrases.update(key_name=name_of(comparison_key))


class Migration(migrations.Migration):

    dependencies = [
        ('corrections', '0011_withdrawn'),
    ]

    operations = [
        migrations.AddField(
            model_name='suppression',
            name='key_name',
            field=models.CharField(default='', editable=False, max_length=16),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='tombstone',
            name='key_name',
            field=models.CharField(default='', editable=False, max_length=16),
            preserve_default=False,
        ),
        migrations.RunPython(name_keys, migrations.RunPython.noop, elidable=False),
    ]
