"""Indexes for the queue of open cases, and for finding a case by a part of its number.

The extension is one that the owner of a database may install.
"""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0005_file_case")]

    operations = [
        TrigramExtension(),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "contested",
                            "decision_proposed",
                            "executing",
                            "fee_needed",
                            "filed",
                            "identity_needed",
                            "in_review",
                            "information_needed",
                            "received",
                            "triage",
                        ],
                    )
                ),
                fields=["due_at", "filed_at"],
                include=("id",),
                name="case_open_due",
            ),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(
                condition=models.Q(("leads", True), ("state", "paused")),
                fields=["case", "due_at"],
                name="clock_paused",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["number"], name="case_number_parts", opclasses=["gin_trgm_ops"]
            ),
        ),
    ]
