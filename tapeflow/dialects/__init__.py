"""The dialects of tapeflow, from requests for gradients to streams of tape tiles."""
