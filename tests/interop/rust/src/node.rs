//! One swarm in a task of its own, and the handle to ask it for things.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::{StreamExt, future::Either};
use libp2p::identity::Keypair;
use libp2p::{
    Multiaddr, PeerId, Stream, StreamProtocol, Swarm, SwarmBuilder, Transport,
    core::{muxing::StreamMuxerBox, transport::Boxed, upgrade::Version},
    identify,
    multiaddr::Protocol,
    noise, ping, plaintext,
    pnet::{PnetConfig, PnetError},
    swarm::{
        NetworkBehaviour, SwarmEvent,
        behaviour::toggle::Toggle,
        dial_opts::{DialOpts, PeerCondition},
    },
    tcp, tls, yamux,
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Result,
    options::Options,
    protocols::{LISTENER, PINGED},
    streams::{self, Open},
};

#[derive(Clone, Copy, PartialEq)]
pub enum Role {
    Listener,
    Dialer,
}

#[derive(NetworkBehaviour)]
pub struct Peer {
    identify: identify::Behaviour,
    ping: Toggle<ping::Behaviour>,
    streams: streams::Behaviour,
}

type Reply<T> = oneshot::Sender<Result<T>>;

enum Command {
    Listen(Multiaddr, Reply<Multiaddr>),
    Dial(PeerId, Multiaddr, Reply<()>),
    Open(PeerId, Open),
    Identify(PeerId, Reply<identify::Info>),
    Close(PeerId, Reply<()>),
}

#[derive(Default)]
pub struct Counts {
    pub conns: AtomicUsize,
    pub accepted: AtomicUsize,
}

pub struct Node {
    pub id: PeerId,
    pub counts: Arc<Counts>,
    commands: mpsc::UnboundedSender<Command>,
}

impl Node {
    /// A node with a fresh identity.
    pub fn new(o: &Options, role: Role) -> Result<Node> {
        let swarm = new_swarm(o, role)?;
        let (commands, wishes) = mpsc::unbounded_channel();
        let counts = Arc::new(Counts::default());
        let node = Node { id: *swarm.local_peer_id(), counts: counts.clone(), commands };
        tokio::spawn(Driver { swarm, counts, waiting: Waiting::default() }.run(wishes));
        Ok(node)
    }

    pub async fn listen(&self, addr: Multiaddr) -> Result<Multiaddr> {
        self.ask(|reply| Command::Listen(addr, reply)).await
    }

    pub async fn dial(&self, peer: PeerId, addr: Multiaddr) -> Result<()> {
        self.ask(|reply| Command::Dial(peer, addr, reply)).await
    }

    pub async fn open(&self, peer: PeerId, protocol: &'static str) -> Result<Stream> {
        let protocol = StreamProtocol::new(protocol);
        self.ask(|reply| Command::Open(peer, Open { protocol, reply })).await
    }

    pub async fn identified(&self, peer: PeerId) -> Result<identify::Info> {
        self.ask(|reply| Command::Identify(peer, reply)).await
    }

    pub async fn close(&self, peer: PeerId) -> Result<()> {
        self.ask(|reply| Command::Close(peer, reply)).await
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).map_err(|_| "the swarm has ended")?;
        answer.await.map_err(|_| "the connection has ended")?
    }
}

fn new_swarm(o: &Options, role: Role) -> Result<Swarm<Peer>> {
    if o.psk.is_some() && o.transport != "tcp" {
        return Err("--psk: a private network speaks tcp only".into());
    }
    let builder = SwarmBuilder::with_existing_identity(new_key(&o.key_type)?).with_tokio();
    let behaviour = |key: &Keypair| new_peer(o, key, role);
    let config = |c: libp2p::swarm::Config| {
        c.with_idle_connection_timeout(Duration::from_secs(u64::MAX))
            .with_max_negotiating_inbound_streams(1024)
    };
    if o.transport == "quic" {
        return Ok(builder.with_quic().with_behaviour(behaviour)?.with_swarm_config(config).build());
    }
    let transport = |key: &Keypair| new_tcp(o, key);
    Ok(builder.with_other_transport(transport)?.with_behaviour(behaviour)?.with_swarm_config(config).build())
}

fn new_tcp(o: &Options, key: &Keypair) -> Result<Boxed<(PeerId, StreamMuxerBox)>> {
    // V1Lazy is what SwarmBuilder takes; there a dialer is "connected" before the muxer was answered.
    let version = if o.wait_for_muxer { Version::V1 } else { Version::V1Lazy };
    let psk = o.psk;
    let tcp = tcp::tokio::Transport::new(tcp::Config::default())
        .and_then(move |socket, _| async move {
            Ok::<_, PnetError>(match psk {
                Some(psk) => Either::Left(PnetConfig::new(psk).handshake(socket).await?),
                None => Either::Right(socket),
            })
        })
        .upgrade(version);
    macro_rules! multiplexed {
        ($security:expr) => {
            match o.muxer.as_str() {
                "yamux" => Ok(tcp.authenticate($security).multiplex(yamux::Config::default()).boxed()),
                "mplex" => Ok(tcp.authenticate($security).multiplex(new_mplex()).boxed()),
                m => Err(format!("--muxer {m}: this peer knows yamux and mplex").into()),
            }
        };
    }
    match (o.transport.as_str(), o.security.as_str()) {
        ("tcp", "noise") => multiplexed!(noise::Config::new(key)?),
        ("tcp", "tls") => multiplexed!(tls::Config::new(key)?),
        ("tcp", "plaintext") => multiplexed!(plaintext::Config::new(key)),
        (t, s) => {
            Err(format!("{t} with {s}: this peer knows quic, and tcp with noise, tls or plaintext").into())
        }
    }
}

/// Its own limit is 128 streams.
fn new_mplex() -> libp2p_mplex::Config {
    let mut config = libp2p_mplex::Config::new();
    config.set_max_num_streams(4096);
    config
}

fn new_key(kind: &str) -> Result<Keypair> {
    match kind {
        "ed25519" => Ok(Keypair::generate_ed25519()),
        "secp256k1" => Ok(Keypair::generate_secp256k1()),
        "ecdsa" => Ok(Keypair::generate_ecdsa()),
        "rsa" => Err("--key-type rsa: rust-libp2p verifies RSA keys and cannot make them".into()),
        _ => Err(format!("--key-type {kind}: this peer knows ed25519, secp256k1 and ecdsa").into()),
    }
}

fn new_peer(o: &Options, key: &Keypair, role: Role) -> Peer {
    let said = identify::Config::new_with_signed_peer_record("interop/1.0.0".into(), key)
        .with_agent_version("interop/rust-libp2p".into());
    // The library's ping pings by itself, at once and then at every interval. Over QUIC it forgets to ask
    // for a wake-up after its first answer, so that the second ping waits for some other event.
    let pinging = ping::Config::new().with_interval(Duration::from_secs(3600));
    let stock = role == Role::Listener && o.transport != "quic";
    let served = match role {
        Role::Listener if stock => LISTENER.to_vec(),
        Role::Listener => [LISTENER, PINGED].concat(),
        Role::Dialer => PINGED.to_vec(),
    };
    Peer {
        identify: identify::Behaviour::new(said),
        ping: stock.then(|| ping::Behaviour::new(pinging)).into(),
        streams: streams::Behaviour::new(served),
    }
}

/// The swarm and those who wait for one of its events.
struct Driver {
    swarm: Swarm<Peer>,
    counts: Arc<Counts>,
    waiting: Waiting,
}

#[derive(Default)]
struct Waiting {
    listen: Option<Reply<Multiaddr>>,
    beyond_loopback: bool, // it listens everywhere: an address that others can reach is wanted
    dial: HashMap<PeerId, Reply<()>>,
    close: HashMap<PeerId, Reply<()>>,
    identify: HashMap<PeerId, Reply<identify::Info>>,
    identified: HashMap<PeerId, identify::Info>,
}

fn is_ip(addr: &Multiaddr, what: fn(&Ipv4Addr) -> bool) -> bool {
    addr.iter().any(|part| matches!(part, Protocol::Ip4(ip) if what(&ip)))
}

/// A send fails only when nobody waits any more.
fn answer<T>(reply: Option<Reply<T>>, with: Result<T>) {
    if let Some(reply) = reply {
        let _ = reply.send(with);
    }
}

impl Driver {
    async fn run(mut self, mut wishes: mpsc::UnboundedReceiver<Command>) {
        loop {
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_event(event),
                wish = wishes.recv() => match wish {
                    Some(command) => self.on_command(command),
                    None => return, // the node was dropped
                },
            }
        }
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Listen(addr, reply) => match self.swarm.listen_on(addr.clone()) {
                Ok(_) => {
                    self.waiting.listen = Some(reply);
                    self.waiting.beyond_loopback = is_ip(&addr, Ipv4Addr::is_unspecified);
                }
                Err(e) => answer(Some(reply), Err(e.into())),
            },
            Command::Dial(peer, addr, reply) => {
                let opts = DialOpts::peer_id(peer).addresses(vec![addr]).condition(PeerCondition::Always);
                match self.swarm.dial(opts.build()) {
                    Ok(()) => drop(self.waiting.dial.insert(peer, reply)),
                    Err(e) => answer(Some(reply), Err(e.into())),
                }
            }
            Command::Open(peer, open) => self.swarm.behaviour_mut().streams.open(peer, open),
            Command::Identify(peer, reply) => match self.waiting.identified.get(&peer) {
                Some(info) => answer(Some(reply), Ok(info.clone())),
                None => drop(self.waiting.identify.insert(peer, reply)),
            },
            Command::Close(peer, reply) => match self.swarm.disconnect_peer_id(peer) {
                Ok(()) => drop(self.waiting.close.insert(peer, reply)),
                Err(()) => answer(Some(reply), Err("not connected".into())),
            },
        }
    }

    fn on_event(&mut self, event: SwarmEvent<PeerEvent>) {
        match event {
            SwarmEvent::NewListenAddr { address, .. } => {
                if !(self.waiting.beyond_loopback && is_ip(&address, Ipv4Addr::is_loopback)) {
                    answer(self.waiting.listen.take(), Ok(address));
                }
            }
            SwarmEvent::ConnectionEstablished { peer_id, endpoint, .. } => {
                self.counts.conns.fetch_add(1, Relaxed);
                self.counts.accepted.fetch_add(endpoint.is_listener().into(), Relaxed);
                answer(self.waiting.dial.remove(&peer_id), Ok(()));
            }
            SwarmEvent::ConnectionClosed { peer_id, cause, .. } => {
                if let Some(cause) = cause {
                    eprintln!("rust peer: connection closed: {cause}"); // streams only show it as their end
                }
                self.counts.conns.fetch_sub(1, Relaxed);
                self.waiting.identified.remove(&peer_id);
                self.waiting.identify.remove(&peer_id); // its drop tells the one who waits
                answer(self.waiting.close.remove(&peer_id), Ok(()));
            }
            SwarmEvent::OutgoingConnectionError { peer_id: Some(peer), error, .. } => {
                answer(self.waiting.dial.remove(&peer), Err(error.into()));
            }
            SwarmEvent::Behaviour(PeerEvent::Identify(event)) => self.on_identify(event),
            _ => {}
        }
    }

    fn on_identify(&mut self, event: identify::Event) {
        match event {
            identify::Event::Received { peer_id, info, .. } => {
                answer(self.waiting.identify.remove(&peer_id), Ok(info.clone()));
                self.waiting.identified.insert(peer_id, info);
            }
            identify::Event::Error { peer_id, error, .. } => {
                answer(self.waiting.identify.remove(&peer_id), Err(error.to_string().into()));
            }
            _ => {}
        }
    }
}
