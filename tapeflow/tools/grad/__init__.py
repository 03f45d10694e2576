"""`tapeflow grad`: value and gradient of a function, and what they cost."""
