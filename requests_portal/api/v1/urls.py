"""Addresses of version 1, below `/api/v1/`."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny

from requests_portal.api.v1 import datasets, manifests, regulator, requests

urlpatterns = [
    path(
        "schema/",
        SpectacularAPIView.as_view(permission_classes=[AllowAny]),
        name="api-v1-schema",
    ),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(
            url_name="api-v1-schema", permission_classes=[AllowAny]
        ),
        name="api-v1-docs",
    ),
    path("requests/", requests.FilingView.as_view(), name="api-v1-requests"),
    path("requests/<str:number>/", requests.StatusView.as_view(), name="api-v1-request"),
    path("regulator/cases/", regulator.CaseListView.as_view(), name="api-v1-cases"),
    path("regulator/bundles/", regulator.BundleListView.as_view(), name="api-v1-bundles"),
    path("regulator/bundles/<uuid:job_id>/", regulator.BundleView.as_view(), name="api-v1-bundle"),
    path(
        "regulator/bundles/<uuid:job_id>/file/",
        regulator.BundleDownloadView.as_view(),
        name="api-v1-bundle-file",
    ),
    path("manifests/", manifests.ManifestListView.as_view(), name="api-v1-manifests"),
    path(
        "manifests/<uuid:manifest_id>/",
        manifests.ManifestView.as_view(),
        name="api-v1-manifest",
    ),
    path(
        "manifests/<uuid:manifest_id>/files/<str:name>",
        manifests.ManifestFileView.as_view(),
        name="api-v1-manifest-file",
    ),
    path(
        "manifests/<uuid:manifest_id>/receipts/",
        manifests.ReceiptView.as_view(),
        name="api-v1-receipts",
    ),
    path("suppression-list/", manifests.SuppressionListView.as_view(), name="api-v1-suppressions"),
    path("datasets/", datasets.DatasetListView.as_view(), name="api-v1-datasets"),
    path("datasets/croissant/", datasets.CroissantView.as_view(), name="api-v1-croissant"),
    path("datasets/<int:dataset_id>/", datasets.DatasetView.as_view(), name="api-v1-dataset"),
    path(
        "datasets/<int:dataset_id>/croissant/",
        datasets.DatasetCroissantView.as_view(),
        name="api-v1-dataset-croissant",
    ),
    path(
        "datasets/<int:dataset_id>/snapshots/",
        datasets.SnapshotListView.as_view(),
        name="api-v1-snapshots",
    ),
    path("snapshots/<int:snapshot_id>/", datasets.SnapshotView.as_view(), name="api-v1-snapshot"),
]
