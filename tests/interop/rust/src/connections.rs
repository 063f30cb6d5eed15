//! The tests whose subject is the connection itself.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use tokio::task::JoinSet;

use crate::{
    Result,
    node::{Node, Role},
    options::Options,
    output::{fields, json, print_line},
    run::{remote, timed},
};

/// Connects and closes --count times; each worker is a node of its own identity.
pub async fn handshakes(mut o: Options) -> Result<()> {
    o.wait_for_muxer = !o.identify;
    let workers: Vec<Node> =
        (0..o.concurrency).map(|_| Node::new(&o, Role::Dialer)).collect::<Result<_>>()?;
    let taken = Arc::new(AtomicUsize::new(0));
    let result = timed("handshakes", async {
        let mut tasks = JoinSet::new();
        for node in workers {
            tasks.spawn(share(node, o.clone(), taken.clone()));
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        Ok(fields(json!({"count": o.count, "concurrency": o.concurrency, "identify": o.identify})))
    });
    print_line(result.await?);
    Ok(())
}

async fn share(node: Node, o: Options, taken: Arc<AtomicUsize>) -> Result<()> {
    let (peer, addr) = remote(&o)?;
    while taken.fetch_add(1, Relaxed) < o.count {
        node.dial(peer, addr.clone()).await?;
        if o.identify {
            node.identified(peer).await?;
        }
        node.close(peer).await?;
    }
    Ok(())
}

/// Holds --conns connections, each of an identity of its own, until stdin closes.
pub async fn idle(o: Options) -> Result<()> {
    let (peer, addr) = remote(&o)?;
    let mut nodes = Vec::new();
    for _ in 0..o.conns {
        let node = Node::new(&o, Role::Dialer)?;
        node.dial(peer, addr.clone()).await?;
        node.identified(peer).await?;
        nodes.push(node);
    }
    print_line(fields(json!({"test": "idle", "conns": o.conns})));
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    for node in &nodes {
        node.close(peer).await?;
    }
    Ok(())
}
