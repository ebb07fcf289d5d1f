//! The merge-assist report and the renderings of everything a person reads.
