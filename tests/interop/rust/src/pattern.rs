//! The bytes that travel through an echo.

use crate::Result;
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub const BLOCK: usize = 64 << 10;

/// The byte that belongs at offset `n`: no short period, so that a moved block shows.
pub fn byte_at(n: u64) -> u8 {
    let x = n as u32;
    (x ^ x >> 7 ^ x >> 15) as u8
}

pub fn block(at: u64, len: usize) -> Vec<u8> {
    (at..at + len as u64).map(byte_at).collect()
}

pub async fn write(to: &mut (impl AsyncWrite + Unpin), n: u64) -> Result<()> {
    let mut at = 0;
    while at < n {
        let part = block(at, BLOCK.min((n - at) as usize));
        to.write_all(&part).await?;
        at += part.len() as u64;
    }
    to.flush().await?;
    Ok(())
}

/// Reads to the end of the stream and tells how many bytes were right.
pub async fn compare(from: &mut (impl AsyncRead + Unpin)) -> Result<u64> {
    let mut buffer = vec![0; BLOCK];
    let mut at = 0;
    loop {
        let n = from.read(&mut buffer).await?;
        if n == 0 {
            return Ok(at);
        }
        if let Some(bad) = mismatch(&buffer[..n], at) {
            return Err(format!("echo differs at byte {bad}").into());
        }
        at += n as u64;
    }
}

/// The offset of the first wrong byte of the block that lies at `at`.
pub fn mismatch(block: &[u8], at: u64) -> Option<u64> {
    (at..).zip(block).find(|&(n, &b)| b != byte_at(n)).map(|(n, _)| n)
}
