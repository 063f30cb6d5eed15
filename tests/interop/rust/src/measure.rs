//! The timed tests on one connection.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

use futures::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use crate::{
    Result,
    output::{Fields, fields, json},
    pattern,
    protocols::{ECHO, PERF, PING, discard, write_zeros},
    run::Dialer,
};

/// Moves --bytes on --streams perf streams.
pub async fn throughput(d: Arc<Dialer>) -> Result<Fields> {
    let (bytes, streams) = (d.o.bytes, d.o.streams);
    let mut tasks = JoinSet::new();
    for i in 0..streams {
        let part = bytes / streams + if i == 0 { bytes % streams } else { 0 };
        let (up, down) = match d.o.dir.as_str() {
            "up" => (part, 0),
            "down" => (0, part),
            other => return Err(format!("--dir {other}: up or down").into()),
        };
        tasks.spawn(perf(d.clone(), up, down));
    }
    all(tasks).await?;
    Ok(fields(json!({"bytes": bytes, "dir": d.o.dir, "streams": streams})))
}

async fn all(mut tasks: JoinSet<Result<()>>) -> Result<()> {
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

async fn perf(d: Arc<Dialer>, up: u64, down: u64) -> Result<()> {
    let mut s = d.open(PERF).await?;
    s.write_all(&down.to_be_bytes()).await?;
    write_zeros(&mut s, up).await?;
    s.close().await?;
    match discard(&mut s).await? {
        got if got == down => Ok(()),
        got => Err(format!("asked for {down} bytes, got {got}").into()),
    }
}

/// Opens --count echo streams, --concurrency at a time, for 32 bytes each.
pub async fn streams(d: Arc<Dialer>) -> Result<Fields> {
    let (count, concurrency) = (d.o.count, d.o.concurrency);
    let taken = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..concurrency {
        let (d, taken) = (d.clone(), taken.clone());
        tasks.spawn(async move {
            while taken.fetch_add(1, Relaxed) < count {
                echo_once(&d).await?;
            }
            Ok(())
        });
    }
    all(tasks).await?;
    Ok(fields(json!({"count": count, "concurrency": concurrency})))
}

pub async fn echo_once(d: &Dialer) -> Result<()> {
    let mut s = d.open(ECHO).await?;
    pattern::write(&mut s, 32).await?;
    s.close().await?;
    match pattern::compare(&mut s).await? {
        32 => Ok(()),
        n => Err(format!("{n} bytes of 32 came back").into()),
    }
}

/// Sends 32 bytes at a time on one ping stream and gives quantiles of the round trip.
pub async fn ping(d: Arc<Dialer>) -> Result<Fields> {
    let mut s = d.open(PING).await?;
    let mut trips = Vec::with_capacity(d.o.count);
    let mut got = [0; 32];
    for i in 0..d.o.count {
        let sent = pattern::block(32 * i as u64, 32);
        let start = Instant::now();
        s.write_all(&sent).await?;
        s.flush().await?;
        s.read_exact(&mut got).await?;
        trips.push(start.elapsed().as_nanos() as f64 / 1e3);
        if sent != got {
            return Err(format!("pong {i} differs from its ping").into());
        }
    }
    s.close().await?;
    trips.sort_by(f64::total_cmp);
    let at = |q: f64| trips[(q * (trips.len() - 1) as f64) as usize];
    Ok(fields(json!({"count": d.o.count, "p50_us": at(0.5), "p90_us": at(0.9), "p99_us": at(0.99)})))
}
