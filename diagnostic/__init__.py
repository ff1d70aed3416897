"""Pure health-diagnosis science: numpy and pandas in and out, no display, no file, no network."""
