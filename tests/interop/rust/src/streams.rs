//! A behaviour that opens streams on request and hands every inbound one to a task of its own.
//!
//! libp2p-stream is not used: its acceptor drops inbound streams when its reader is busy.

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use futures::future::BoxFuture;
use libp2p::{
    Multiaddr, PeerId, Stream, StreamProtocol,
    core::{
        Endpoint,
        transport::PortUse,
        upgrade::{InboundUpgrade, ReadyUpgrade, UpgradeInfo},
    },
    swarm::{
        ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm,
        NetworkBehaviour, NotifyHandler, SubstreamProtocol, THandler, THandlerInEvent, THandlerOutEvent,
        ToSwarm,
        handler::{ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound},
    },
};
use tokio::sync::oneshot;

use crate::Result;

pub type Answer = fn(Stream) -> BoxFuture<'static, ()>;
pub type Served = (&'static str, Answer);

/// The wish for a stream, and where to put it.
#[derive(Debug)]
pub struct Open {
    pub protocol: StreamProtocol,
    pub reply: oneshot::Sender<Result<Stream>>,
}

pub struct Behaviour {
    served: Arc<[Served]>,
    opens: VecDeque<(PeerId, Open)>,
    waker: Option<Waker>,
}

impl Behaviour {
    pub fn new(served: Vec<Served>) -> Self {
        Behaviour { served: served.into(), opens: VecDeque::new(), waker: None }
    }

    pub fn open(&mut self, peer: PeerId, open: Open) {
        self.opens.push_back((peer, open));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> std::result::Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler { served: self.served.clone(), opens: VecDeque::new() })
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> std::result::Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler { served: self.served.clone(), opens: VecDeque::new() })
    }

    fn on_swarm_event(&mut self, _: FromSwarm) {}

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        if let Some((peer_id, event)) = self.opens.pop_front() {
            return Poll::Ready(ToSwarm::NotifyHandler { peer_id, handler: NotifyHandler::Any, event });
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

pub struct Handler {
    served: Arc<[Served]>,
    opens: VecDeque<Open>,
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Open;
    type ToBehaviour = Infallible;
    type InboundProtocol = Offer;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = oneshot::Sender<Result<Stream>>;

    fn listen_protocol(&self) -> SubstreamProtocol<Offer> {
        SubstreamProtocol::new(Offer(self.served.clone()), ())
    }

    // No waker: the connection polls its handler again after every event it gives to it.
    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, Self::OutboundOpenInfo, Infallible>> {
        match self.opens.pop_front() {
            Some(open) => Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                protocol: SubstreamProtocol::new(ReadyUpgrade::new(open.protocol), open.reply),
            }),
            None => Poll::Pending,
        }
    }

    fn on_behaviour_event(&mut self, open: Open) {
        self.opens.push_back(open);
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<Offer, Self::OutboundProtocol, (), Self::OutboundOpenInfo>,
    ) {
        // A send fails only when the test that asked has ended.
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound { protocol, .. }) => {
                let (stream, answer) = protocol;
                tokio::spawn(answer(stream));
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound { protocol, info }) => {
                let _ = info.send(Ok(protocol));
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError { info, error }) => {
                let _ = info.send(Err(error.to_string().into()));
            }
            _ => {}
        }
    }
}

/// The protocols offered to inbound streams; the one chosen decides who answers.
pub struct Offer(Arc<[Served]>);

impl UpgradeInfo for Offer {
    type Info = StreamProtocol;
    type InfoIter = std::vec::IntoIter<StreamProtocol>;

    fn protocol_info(&self) -> Self::InfoIter {
        let names: Vec<_> = self.0.iter().map(|(name, _)| StreamProtocol::new(name)).collect();
        names.into_iter()
    }
}

impl InboundUpgrade<Stream> for Offer {
    type Output = (Stream, Answer);
    type Error = Infallible;
    type Future = Ready<std::result::Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: Stream, chosen: StreamProtocol) -> Self::Future {
        let served = self.0.iter().find(|(name, _)| *name == chosen.as_ref());
        let (_, answer) = served.expect("only offered protocols are negotiated");
        ready(Ok((stream, *answer)))
    }
}
