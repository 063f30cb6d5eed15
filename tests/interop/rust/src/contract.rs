//! `transport-test`: the contract of libp2p's own transport tests, told by the environment, over redis.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use futures::{AsyncReadExt, AsyncWriteExt};
use libp2p::{Multiaddr, Stream, multiaddr::Protocol};

use crate::{
    Result,
    node::{Node, Role},
    options::Options,
    protocols::PING,
    run::remote,
};

/// What the environment says, in either dialect: lower case (test-plans) or upper case (unified-testing).
struct Contract {
    unified: bool,
    dials: bool,
    o: Options,
    ip: String,
    redis: String,
    key: String,
    seconds: u64,
}

fn contract() -> Result<Contract> {
    let unified = env::var("IS_DIALER").is_ok();
    let said = |upper: &str, lower: &str, default: &str| {
        let value = env::var(if unified { upper } else { lower }).unwrap_or_default();
        if value.is_empty() { default.to_string() } else { value }
    };
    let mut o = Options::default();
    o.transport = said("TRANSPORT", "transport", "tcp").replace("quic-v1", "quic");
    o.security = said("SECURE_CHANNEL", "security", "noise");
    o.muxer = said("MUXER", "muxer", "yamux");
    let key = match unified {
        true => format!("{}_listener_multiaddr", env::var("TEST_KEY")?),
        false => "listenerAddr".into(),
    };
    Ok(Contract {
        unified,
        dials: said("IS_DIALER", "is_dialer", "false") == "true",
        o,
        ip: said("LISTENER_IP", "ip", "0.0.0.0"),
        redis: said("REDIS_ADDR", "redis_addr", "redis:6379"),
        key,
        seconds: said("TEST_TIMEOUT_SECS", "test_timeout_seconds", "180").parse()?,
    })
}

pub async fn transport_test() -> Result<()> {
    let c = contract()?;
    if c.dials { dial(c).await } else { listen(c).await }
}

/// Tells where it listens and waits to be ended.
async fn listen(c: Contract) -> Result<()> {
    let node = Node::new(&c.o, Role::Listener)?;
    let at = match c.o.transport.as_str() {
        "quic" => format!("/ip4/{}/udp/0/quic-v1", c.ip),
        _ => format!("/ip4/{}/tcp/0", c.ip),
    };
    let addr: Multiaddr = node.listen(at.parse()?).await?.with(Protocol::P2p(node.id));
    redis(&c, &["RPUSH", &c.key, &addr.to_string()])?;
    tokio::time::sleep(Duration::from_secs(c.seconds)).await;
    Err("nobody ended the listener in time".into())
}

async fn dial(mut c: Contract) -> Result<()> {
    let seconds = c.seconds.to_string();
    c.o.addr = redis(&c, &["BLPOP", &c.key, &seconds])?.ok_or("no listener told its address")?;
    let (peer, addr) = remote(&c.o)?;
    let node = Node::new(&c.o, Role::Dialer)?;
    let start = Instant::now();
    node.dial(peer, addr).await?;
    let mut stream = node.open(peer, PING).await?;
    ping(&mut stream, 1).await?;
    let handshake = start.elapsed().as_secs_f64() * 1e3;
    let start = Instant::now();
    ping(&mut stream, 2).await?;
    let rtt = start.elapsed().as_secs_f64() * 1e3;
    match c.unified {
        true => println!("latency:\n  handshake_plus_one_rtt: {handshake}\n  ping_rtt: {rtt}\n  unit: ms"),
        false => println!(r#"{{"handshakePlusOneRTTMillis":{handshake},"pingRTTMilllis":{rtt}}}"#),
    }
    Ok(())
}

async fn ping(stream: &mut Stream, byte: u8) -> Result<()> {
    let mut got = [0; 32];
    stream.write_all(&[byte; 32]).await?;
    stream.flush().await?;
    stream.read_exact(&mut got).await?;
    if got == [byte; 32] { Ok(()) } else { Err("the pong differs from its ping".into()) }
}

/// One command on a connection of its own; the last of the strings that came back.
fn redis(c: &Contract, words: &[&str]) -> Result<Option<String>> {
    let mut out = TcpStream::connect(&c.redis)?;
    out.set_read_timeout(Some(Duration::from_secs(c.seconds + 5)))?;
    let mut text = format!("*{}\r\n", words.len());
    for word in words {
        text += &format!("${}\r\n{word}\r\n", word.len());
    }
    out.write_all(text.as_bytes())?;
    reply(&mut BufReader::new(out))
}

fn reply(input: &mut BufReader<TcpStream>) -> Result<Option<String>> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    let line = line.trim_end();
    let number = || line.get(1..).unwrap_or_default().parse::<i64>();
    match line.chars().next() {
        Some('$') if number()? >= 0 => {
            let mut bytes = vec![0; number()? as usize + 2];
            input.read_exact(&mut bytes)?;
            bytes.truncate(bytes.len() - 2);
            Ok(Some(String::from_utf8(bytes)?))
        }
        Some('*') => {
            let mut last = None;
            for _ in 0..number()?.max(0) {
                last = reply(input)?;
            }
            Ok(last)
        }
        Some('$' | ':' | '+') => Ok(None),
        _ => Err(format!("redis: {line:?}").into()),
    }
}
