//! What this process used: CPU time and memory.

use crate::output::{Fields, fields, json};

pub fn cpu_seconds() -> f64 {
    let mut u: libc::rusage = unsafe { std::mem::zeroed() };
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut u) };
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    seconds(u.ru_utime) + seconds(u.ru_stime)
}

/// What is in use after free memory went back to the system.
pub fn memory() -> Fields {
    unsafe { libc::malloc_trim(0) };
    let heap = unsafe { libc::mallinfo2() };
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as u64;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let resident: u64 = statm.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
    // uordblks leaves out what was mapped on its own; hblkhd is that.
    fields(json!({"rss": resident * page, "heap": heap.uordblks + heap.hblkhd}))
}
