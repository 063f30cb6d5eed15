// A node with a fresh identity, nothing but the asked transport, and its limits lifted.
import { quic } from '@chainsafe/libp2p-quic'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { mplex } from '@libp2p/mplex'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { plaintext } from '@libp2p/plaintext'
import { preSharedKey } from '@libp2p/pnet'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { readFileSync } from 'node:fs'

const ENCRYPTERS = { noise, tls, plaintext }
const KEYS = { ed25519: 'Ed25519', secp256k1: 'secp256k1', rsa: 'RSA' }
const HOUR = 3600_000
const MUXERS = {
  yamux: () => yamux({
    maxInboundStreams: Infinity,
    maxOutboundStreams: Infinity,
    maxEarlyStreams: Infinity,
    streamOptions: { maxReadBufferLength: Infinity }
  }),
  mplex: () => mplex({
    maxInboundStreams: Infinity,
    maxOutboundStreams: Infinity,
    maxEarlyStreams: Infinity,
    disconnectThreshold: Infinity,
    streamOptions: { maxReadBufferLength: Infinity }
  })
}

// A stream of QUIC has no window but the transport's, which its defaults keep at 10 MB and 256 streams.
const sockets = () => tcp({ inboundSocketInactivityTimeout: HOUR, outboundSocketInactivityTimeout: HOUR })
const TRANSPORTS = { tcp: sockets, unix: sockets, quic: () => quic() }

export async function newNode (o, { listen = [], runIdentify = true } = {}) {
  const transport = TRANSPORTS[o.transport]
  if (transport === undefined) throw new Error(`transport ${o.transport}: this peer knows tcp, unix and quic`)
  const muxer = MUXERS[o.muxer]
  if (muxer === undefined) throw new Error(`muxer ${o.muxer}: this peer knows yamux and mplex`)
  const encrypter = ENCRYPTERS[o.security]
  if (encrypter === undefined) throw new Error(`security ${o.security}: this peer knows noise, tls and plaintext`)
  const key = KEYS[o['key-type']]
  if (key === undefined) throw new Error(`key type ${o['key-type']}: this peer knows ed25519, secp256k1 and rsa`)
  return createLibp2p({
    privateKey: await generateKeyPair(key),
    nodeInfo: { userAgent: 'interop/js-libp2p' },
    addresses: { listen },
    transports: [transport()],
    connectionEncrypters: [encrypter()],
    streamMuxers: [muxer()],
    ...(o.psk === '' ? {} : { connectionProtector: preSharedKey({ psk: readFileSync(o.psk) }) }),
    connectionManager: {
      maxConnections: Infinity,
      inboundConnectionThreshold: Infinity,
      maxIncomingPendingConnections: Infinity,
      reconnectRetries: 0
    },
    connectionMonitor: { enabled: false }, // it pings every 10 s
    services: {
      identify: identify({ runOnConnectionOpen: runIdentify, maxInboundStreams: Infinity }),
      ping: ping({ timeout: HOUR, maxInboundStreams: Infinity })
    }
  })
}

// The libraries' own caps per protocol are 32 streams in and 64 out.
export const UNLIMITED = { maxInboundStreams: Infinity, maxOutboundStreams: Infinity }

// Connects and resolves, when asked to, with what identify said.
export async function connect (node, addr, wantIdentify) {
  const said = wantIdentify ? identified(node) : undefined
  const connection = await node.dial(multiaddr(addr))
  return { connection, said: await said }
}

function identified (node) {
  return new Promise(resolve => {
    node.addEventListener('peer:identify', event => resolve(event.detail), { once: true })
  })
}
