"""The public face: request form, receipt and status, without account and without JavaScript."""
