"""Addresses of the regulators' pages, below /<language>/regulators/."""

from django.urls import path

from requests_portal.regulators.views import (
    cases,
    checkpoints,
    exports,
    key,
    overview,
    statistics,
    tokens,
    training,
    yearly,
)

app_name = "regulators"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("cases/", cases.case_list, name="cases"),
    path("cases/<str:number>/", cases.case, name="case"),
    path("cases/<str:number>/<int:step>/<slug:kind>/", cases.step_file, name="step_file"),
    path("statistics/", statistics.statistics, name="statistics"),
    path("statistics/<slug:code>.csv", statistics.statistics_csv, name="statistics_csv"),
    path("statistics/yearly/", yearly.yearly, name="yearly"),
    path("statistics/yearly/<int:year>/<slug:code>.csv", yearly.yearly_csv, name="yearly_csv"),
    path("training/", training.training, name="training"),
    path("training/datasets.csv", training.training_csv, name="training_csv"),
    path("exports/", exports.export_list, name="exports"),
    path("exports/new/", exports.new_export, name="new_export"),
    path("exports/key/", key.key, name="key"),
    path("exports/<uuid:job_id>/", exports.export, name="export"),
    path("exports/<uuid:job_id>/download/", exports.download, name="download"),
    path("exports/<uuid:job_id>/keep/", exports.keep, name="keep"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<uuid:token_id>/revoke/", tokens.revoke_token, name="revoke_token"),
    path("checkpoints/", checkpoints.checkpoints, name="checkpoints"),
    path("checkpoints/witness.py", checkpoints.witness_program, name="witness_program"),
]
