"""The views of the public interface: they read, call one service and render."""
