"""How good the networks are (``segue-evaluate``), and what moves them that should not (``segue-robustness``)."""
