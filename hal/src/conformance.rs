//! The tests every driver passes: run on the simulator, on DAHDI, and on a technician's bench.
