//! What `serve` answers.

use futures::{AsyncReadExt, AsyncWriteExt, FutureExt, future::BoxFuture};
use libp2p::Stream;

use crate::{
    output::{Value, fields, json, print_line},
    pattern::BLOCK,
    streams::Served,
};

pub const ECHO: &str = "/echo/1.0.0";
pub const PERF: &str = "/perf/1.0.0";
pub const PING: &str = "/ipfs/ping/1.0.0";
pub const RESET: &str = "/interop/reset/1.0.0";

/// What a listener answers beside the library's identify and ping.
pub const LISTENER: &[Served] = &[(ECHO, answer_echo), (PERF, answer_perf), (RESET, answer_reset)];

/// Ping without the library's. A dialer needs it: a rust listener pings whom it meets, and one that is told
/// "unsupported" answers no ping of that peer any more; the library's own would ping back unasked.
pub const PINGED: &[Served] = &[(PING, answer_ping)];

fn answer_echo(stream: Stream) -> BoxFuture<'static, ()> {
    async {
        if echo(stream).await.is_err() {
            print_line(fields(json!({"event": "reset", "code": Value::Null})));
        }
    }
    .boxed()
}

fn answer_ping(stream: Stream) -> BoxFuture<'static, ()> {
    async {
        let _ = echo(stream).await;
    }
    .boxed()
}

/// Sends every byte back and finishes when the remote finished.
async fn echo(mut stream: Stream) -> std::io::Result<()> {
    let mut buffer = vec![0; BLOCK];
    loop {
        let n = stream.read(&mut buffer).await?;
        if n == 0 {
            break;
        }
        stream.write_all(&buffer[..n]).await?;
        stream.flush().await?;
    }
    // rust-yamux gives a reset to the reader as a clean end; only a write can tell the two apart.
    let _: usize = stream.write(&[]).await?;
    stream.close().await
}

/// Reads the number of bytes wanted and the upload to its end, then sends that many.
fn answer_perf(mut stream: Stream) -> BoxFuture<'static, ()> {
    async move {
        // An error drops the stream, and so resets it.
        let _ = perf(&mut stream).await;
    }
    .boxed()
}

async fn perf(stream: &mut Stream) -> std::io::Result<()> {
    let mut want = [0; 8];
    stream.read_exact(&mut want).await?;
    discard(stream).await?;
    write_zeros(stream, u64::from_be_bytes(want)).await?;
    stream.close().await
}

/// Reads to the end and tells how much it was.
pub async fn discard(stream: &mut (impl futures::AsyncRead + Unpin)) -> std::io::Result<u64> {
    let mut buffer = vec![0; BLOCK];
    let mut total = 0;
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(total),
            n => total += n as u64,
        }
    }
}

pub async fn write_zeros(stream: &mut Stream, mut n: u64) -> std::io::Result<()> {
    let block = vec![0; BLOCK];
    while n > 0 {
        let part = n.min(BLOCK as u64);
        stream.write_all(&block[..part as usize]).await?;
        n -= part;
    }
    stream.flush().await
}

/// Reads the four bytes of a code; rust-yamux resets a stream by dropping it, and knows no codes.
fn answer_reset(mut stream: Stream) -> BoxFuture<'static, ()> {
    async move {
        let _ = stream.read_exact(&mut [0; 4]).await;
    }
    .boxed()
}
