"""The views of the public face: they read, call one service and render."""
