//! Contacts to supporters: discover, identify, apply, follow merges.
