//! `serve`: listen, answer, obey stdin until it ends.

use std::sync::atomic::Ordering::Relaxed;

use libp2p::multiaddr::Protocol;

use crate::{
    Result,
    node::{Node, Role},
    options::Options,
    output::{Fields, fields, json, print_line},
    usage,
};

pub async fn serve(o: &Options) -> Result<()> {
    let listen = match (o.listen.as_str(), o.transport.as_str()) {
        ("", "quic") => "/ip4/127.0.0.1/udp/0/quic-v1",
        ("", _) => "/ip4/127.0.0.1/tcp/0",
        (given, _) => given,
    };
    let node = Node::new(o, Role::Listener)?;
    let addr = node.listen(listen.parse()?).await?.with(Protocol::P2p(node.id));
    print_line(fields(json!({"listening": addr.to_string()})));
    // The node runs on the runtime's own threads; this one may block.
    for line in std::io::stdin().lines() {
        match line?.as_str() {
            "mem" => print_line(memory(&node)),
            "quit" => break,
            other => eprintln!("rust peer: unknown command {other:?}"),
        }
    }
    Ok(())
}

fn memory(node: &Node) -> Fields {
    let mut f = usage::memory();
    f.insert("conns".into(), node.counts.conns.load(Relaxed).into());
    f.insert("accepted".into(), node.counts.accepted.load(Relaxed).into());
    f
}
