//! Is this supporter that Contact? Pure: candidates in, verdict with evidence out.
