//! The judged tests on one connection.

use futures::{
    AsyncReadExt, AsyncWriteExt, FutureExt,
    future::{Either, select, try_join},
};

use crate::{
    Result,
    measure::echo_once,
    output::{Fields, Value, fields, json},
    pattern,
    protocols::{ECHO, RESET, discard},
    run::Dialer,
};

/// Sends --bytes while it compares what returns, finishes, and wants the end after the last byte.
pub async fn echo(d: &Dialer) -> Result<Fields> {
    let (mut from, mut to) = d.open(ECHO).await?.split();
    let send = async {
        pattern::write(&mut to, d.o.bytes).await?;
        Ok(to.close().await?)
    };
    let ((), got) = try_join(send, pattern::compare(&mut from)).await?;
    if got != d.o.bytes {
        return Err(format!("sent {} bytes, {got} came back", d.o.bytes).into());
    }
    Ok(fields(json!({"bytes": got})))
}

/// Writes --after bytes to an echo stream and resets it; with --by remote it asks the other side to.
pub async fn reset(d: &Dialer) -> Result<Fields> {
    if d.o.by == "remote" {
        return reset_by_remote(d).await;
    }
    let (mut from, mut to) = d.open(ECHO).await?.split();
    let send = pattern::write(&mut to, d.o.after).boxed();
    let read = discard(&mut from).boxed(); // so that the echo never stops for a full window
    match select(send, read).await {
        Either::Left((sent, _)) => sent?,
        Either::Right((read, _)) => return Err(format!("the echo ended early: {read:?}").into()),
    }
    drop((from, to)); // rust-yamux resets a stream that is dropped open, always with code 0
    echo_once(d).await?; // the connection must survive
    Ok(fields(json!({"bytes": d.o.after, "code": Value::Null})))
}

async fn reset_by_remote(d: &Dialer) -> Result<Fields> {
    let mut s = d.open(RESET).await?;
    s.write_all(&42u32.to_be_bytes()).await?;
    s.flush().await?;
    // rust-yamux gives a reset to the reader as a clean end; a writer sees that the stream is dead.
    let read = s.read(&mut [0]).await;
    if read.is_ok() && s.write(&[0]).await.is_ok() {
        return Err(format!("wanted a reset, saw: {read:?}").into());
    }
    Ok(fields(json!({"bytes": 4, "code": Value::Null})))
}

/// Prints what the remote said about itself.
pub async fn identify(d: &Dialer) -> Result<Fields> {
    let said = d.node.identified(d.remote).await?;
    let strings = |l: &[libp2p::Multiaddr]| l.iter().map(|a| a.to_string()).collect::<Vec<_>>();
    let protocols: Vec<_> = said.protocols.iter().map(|p| p.to_string()).collect();
    Ok(fields(json!({
        "bytes": 0, "peer": said.public_key.to_peer_id().to_string(),
        "agent_version": said.agent_version, "protocol_version": said.protocol_version,
        "protocols": protocols, "listen_addrs": strings(&said.listen_addrs),
        "observed_addr": said.observed_addr.to_string(),
    })))
}

/// Opens --count streams one after the other, then --open at once, all of them echoing.
pub async fn many(d: &Dialer) -> Result<Fields> {
    for _ in 0..d.o.count {
        echo_once(d).await?;
    }
    let mut held = Vec::new();
    for _ in 0..d.o.open {
        let mut s = d.open(ECHO).await?;
        pattern::write(&mut s, 32).await?;
        held.push(s);
    }
    for s in &mut held {
        let mut echoed = [0; 32];
        s.read_exact(&mut echoed).await?;
        if let Some(at) = pattern::mismatch(&echoed, 0) {
            return Err(format!("echo differs at byte {at}").into());
        }
    }
    for s in &mut held {
        s.close().await?;
        if s.read(&mut [0]).await? != 0 {
            return Err("wanted the end of the stream, got a byte".into());
        }
    }
    Ok(fields(json!({"bytes": 32 * (d.o.count + d.o.open)})))
}
