"""What operators see from outside: health, metrics, and the listener that shows both."""
