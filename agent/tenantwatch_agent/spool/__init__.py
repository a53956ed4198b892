"""What the agent saw and the collector has not yet acknowledged, in one SQLite file.

Invariants:

* A result gets its lane and its sequence in the transaction that writes it, and keeps both. Sequences of a
  generation and lane never repeat and follow one another without a hole, except where a row of ``gap`` says
  which were dropped and why.
* The lane decides only who goes first: ``live`` while the collector keeps up, ``backlog`` for what is seen
  while the live lane stands still. Whichever it is, nothing is lost and nothing counts twice.
* Only ``acknowledge`` and the bounds on number, bytes and age delete results.
* How much may have been sent is noted before it is sent. A collector that has more has it from another file
  (an old copy was put back): what waits is then sent anew, under a new generation.
* A generation is the identity of the file. A new file has a new one, so its sequences, which begin at 1
  again, can never be taken for those of another file.
* Each row carries a checksum, and from the first to the last each sequence is a result's or a gap's: a
  flipped bit is found. A file that is damaged, found so at the start or in the middle of work, is set aside
  under another name; a new generation begins with a gap for what the old one held, as the witness beside it
  has counted. An end that was torn off is a gap too.
* While the disk is full results wait in memory: if the agent ends, they are a gap at its next start.
"""

from tenantwatch_agent.spool.records import Spooled, SpoolGap
from tenantwatch_agent.spool.spool import Spool

__all__ = ["Spool", "SpoolGap", "Spooled"]
