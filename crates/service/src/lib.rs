//! The hourly schedule, one cycle at a time, the control socket, graceful stop.
