"""The public face: the request form, the receipt and the status page, without an account and without JavaScript."""
