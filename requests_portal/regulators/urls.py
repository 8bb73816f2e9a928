"""Addresses of the regulators' pages, below /<language>/regulators/."""

from django.urls import path

from requests_portal.regulators.views import cases, exports, figures, overview, tokens

app_name = "regulators"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("cases/", cases.case_list, name="cases"),
    path("cases/<str:number>/", cases.case, name="case"),
    path("cases/<str:number>/<int:step>/<slug:kind>/", cases.step_file, name="step_file"),
    path("statistics/", figures.statistics, name="statistics"),
    path("statistics/<slug:code>.csv", figures.statistics_csv, name="statistics_csv"),
    path("statistics/yearly/", figures.yearly, name="yearly"),
    path("statistics/yearly/<int:year>/<slug:code>.csv", figures.yearly_csv, name="yearly_csv"),
    path("training/", overview.training, name="training"),
    path("training/datasets.csv", overview.training_csv, name="training_csv"),
    path("exports/", exports.export_list, name="exports"),
    path("exports/new/", exports.new_export, name="new_export"),
    path("exports/key/", exports.key, name="key"),
    path("exports/<uuid:job_id>/", exports.export, name="export"),
    path("exports/<uuid:job_id>/download/", exports.download, name="download"),
    path("exports/<uuid:job_id>/keep/", exports.keep_checkpoint_of, name="keep"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<uuid:token_id>/revoke/", tokens.revoke_token, name="revoke_token"),
    path("checkpoints/", exports.checkpoints, name="checkpoints"),
    path("checkpoints/witness.py", exports.witness_program, name="witness_program"),
]
