"""The dialects of tapeflow, from requests for gradients to streams of tape tiles."""

from tapeflow.dialects.ad import Ad
from tapeflow.dialects.spm import Spm
from tapeflow.dialects.stream import Stream
from tapeflow.dialects.tape import Tape

__all__ = ["Ad", "Spm", "Stream", "Tape"]
