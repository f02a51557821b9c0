//! Whose turn it is: the kernel's scheduler, for threads that carry audio.
//!
//! A crate of its own for its one `unsafe`, so that the daemon goes on without any.

use std::io;

/// The calling thread goes before all that share the processor by turns: nobody makes it wait but
/// interrupts and threads of a higher `priority` (1 to 99), for as long as it does not sleep. What it starts
/// is scheduled as usual.
///
/// # Errors
/// `EPERM` without `CAP_SYS_NICE` and without a limit (`RLIMIT_RTPRIO`) that allows it.
pub fn real_time(priority: u8) -> io::Result<()> {
    let parameters = libc::sched_param { sched_priority: priority.into() };
    let policy = libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK;
    // SAFETY: 0 is the calling thread, and the parameters live until the call returns.
    let result = unsafe { libc::sched_setscheduler(0, policy, &raw const parameters) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_in_real_time_or_told_that_it_may_not() {
        let policy = || {
            // SAFETY: 0 is the calling thread.
            unsafe { libc::sched_getscheduler(0) }
        };
        let (result, after) = std::thread::spawn(move || (real_time(10), policy())).join().unwrap();
        match result {
            Ok(()) => assert_eq!(after, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK),
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(libc::EPERM));
                assert_eq!(after, libc::SCHED_OTHER);
            }
        }
        assert_eq!(policy(), libc::SCHED_OTHER, "no other thread is meant");
    }

    #[test]
    fn a_priority_that_there_is_not_is_refused() {
        assert_eq!(real_time(200).unwrap_err().raw_os_error(), Some(libc::EINVAL));
    }
}
