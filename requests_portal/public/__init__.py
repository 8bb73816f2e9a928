"""The public interface: form, receipt and status, without account and without JavaScript."""
