"""Addresses of the public interface, beneath the language."""

from django.urls import path, re_path

from requests_portal.public.views import (
    confirmations,
    filing,
    information,
    receipt,
    status,
    verify,
    waiting,
)

urlpatterns = [
    path("", information.home, name="home"),
    path("how/", information.how, name="how"),
    path("statistics/", information.statistics, name="statistics"),
    path("statistics/statistics.csv", information.statistics_csv, name="statistics_csv"),
    path("verify/", verify.verify, name="verify"),
    path("request/", filing.start, name="request_start"),
    path("request/check/", filing.check, name="request_check"),
    path("request/discard/", filing.discard, name="request_discard"),
    path("request/receipt/", receipt.receipt, name="request_receipt"),
    path("request/receipt/file/", receipt.receipt_file, name="request_receipt_file"),
    path("request/receipt/open/", receipt.open_status, name="request_receipt_open"),
    path("request/receipt/forget/", receipt.forget, name="request_receipt_forget"),
    path("request/wait/<slug:purpose>/", waiting.wait, name="request_wait"),
    path("request/<slug:slug>/", filing.step, name="request_step"),
    path("confirm/<str:token>/", confirmations.confirm, name="confirm_contact"),
    path("recipients/<str:token>/", confirmations.confirm_recipient, name="confirm_recipient"),
    path(
        "recipients/<str:token>/records.jsonl", confirmations.records, name="records_for_recipient"
    ),
    path("status/", status.log_in, name="status_login"),
    path("status/case/", status.overview, name="status"),
    path("status/case/answer/<uuid:message_id>/", status.answer, name="status_answer"),
    *(
        path(f"status/case/{slug}/", status.take_action, {"page": name}, name=name)
        for slug, name in (
            ("write", "status_write"),
            ("withdraw", "status_withdraw"),
            ("contest", "status_contest"),
            ("unmerge", "status_unmerge"),
            ("complain", "status_complain"),
            ("withdraw-complaint", "status_complaint_withdraw"),
        )
    ),
    path("status/case/file/<uuid:attachment_id>/", receipt.attachment, name="status_file"),
    path("status/case/link/", status.send_link_again, name="status_link"),
    path("status/case/proof/", receipt.proof, name="status_proof"),
    re_path(
        r"^status/case/proof/(?P<kind>tlog-proof|entry|receipt)/$",
        receipt.proof_file,
        name="status_proof_file",
    ),
    path("status/leave/", status.log_out, name="status_leave"),
    path("status/left/", status.logged_out, name="status_left"),
]
