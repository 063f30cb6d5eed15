//! `run TEST`: the tests by name, timed or judged.

use std::{future::Future, sync::Arc, time::Instant};

use libp2p::{Multiaddr, PeerId, Stream, multiaddr::Protocol};

use crate::{
    Result, connections, exercises, measure,
    node::{Node, Role},
    options::Options,
    output::{Fields, print_line},
    usage::cpu_seconds,
};

/// One connection under test.
pub struct Dialer {
    pub o: Options,
    pub node: Node,
    pub remote: PeerId,
}

impl Dialer {
    async fn connect(o: Options) -> Result<Arc<Dialer>> {
        let (remote, addr) = remote(&o)?;
        let node = Node::new(&o, Role::Dialer)?;
        node.dial(remote, addr).await?;
        Ok(Arc::new(Dialer { o, node, remote }))
    }

    pub async fn open(&self, protocol: &'static str) -> Result<Stream> {
        self.node.open(self.remote, protocol).await
    }

    async fn close(&self) -> Result<()> {
        self.node.close(self.remote).await
    }
}

/// The peer and the address of --addr.
pub fn remote(o: &Options) -> Result<(PeerId, Multiaddr)> {
    let addr: Multiaddr = o.addr.parse().map_err(|e| format!("--addr {:?}: {e}", o.addr))?;
    match addr.iter().last() {
        Some(Protocol::P2p(peer)) => Ok((peer, addr)),
        _ => Err(format!("--addr {addr}: no /p2p/ID at its end").into()),
    }
}

pub async fn run(test: &str, o: Options) -> Result<()> {
    match test {
        "handshakes" => connections::handshakes(o).await,
        "idle" => connections::idle(o).await,
        "throughput" | "streams" | "ping" => measured(test, o).await,
        "echo" | "reset" | "identify" | "many" => exercise(test, o).await,
        "gossip" => Err("gossip is not built into this peer".into()),
        _ => Err(format!("unknown test {test:?}").into()),
    }
}

async fn measured(test: &str, o: Options) -> Result<()> {
    let d = Dialer::connect(o).await?;
    let result = match test {
        "throughput" => timed(test, measure::throughput(d.clone())).await,
        "streams" => timed(test, measure::streams(d.clone())).await,
        _ => timed(test, measure::ping(d.clone())).await,
    }?;
    print_line(result);
    d.close().await
}

/// Adds the test's name and the wall and CPU seconds of its work to the result.
pub async fn timed(test: &str, work: impl Future<Output = Result<Fields>>) -> Result<Fields> {
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let mut result = work.await?;
    let seconds = start.elapsed().as_secs_f64();
    result.insert("cpu".into(), (cpu_seconds() - cpu).into());
    result.insert("seconds".into(), seconds.into());
    result.insert("test".into(), test.into());
    if let Some(n) = result.get("bytes").and_then(|n| n.as_f64()) {
        result.insert("gbit_s".into(), (n * 8.0 / seconds / 1e9).into());
    }
    if let Some(n) = result.get("count").and_then(|n| n.as_f64()) {
        result.insert("per_s".into(), (n / seconds).into());
    }
    Ok(result)
}

/// Prints a verdict in any case: a failed exercise is a result, with its cause.
async fn exercise(test: &str, o: Options) -> Result<()> {
    let outcome = judged(test, o).await;
    let (mut result, error) = match outcome {
        Ok(result) => (result, None),
        Err(e) => (Fields::new(), Some(e.to_string())),
    };
    result.insert("test".into(), test.into());
    result.insert("ok".into(), error.is_none().into());
    if let Some(e) = &error {
        result.insert("error".into(), e.as_str().into());
    }
    print_line(result);
    error.map_or(Ok(()), |e| Err(format!("{test}: {e}").into()))
}

async fn judged(test: &str, o: Options) -> Result<Fields> {
    let d = Dialer::connect(o).await?;
    let result = match test {
        "echo" => exercises::echo(&d).await,
        "reset" => exercises::reset(&d).await,
        "identify" => exercises::identify(&d).await,
        _ => exercises::many(&d).await,
    }?;
    d.close().await?;
    Ok(result)
}
