// The options of the contract; a test reads those it knows.
import { parseArgs } from 'node:util'

const TEXT = {
  transport: 'tcp', security: 'noise', muxer: 'yamux', 'key-type': 'ed25519',
  listen: '', addr: '', psk: '', dir: 'down', by: 'dialer'
}
const NUMBERS = {
  bytes: 10 << 20, after: 64 << 10, streams: 1, count: 1000, open: 200, concurrency: 1, conns: 1
}

export function parseOptions (args) {
  const options = { identify: { type: 'boolean' }, gossip: { type: 'string' } }
  for (const name of Object.keys({ ...TEXT, ...NUMBERS })) options[name] = { type: 'string' }
  const { values } = parseArgs({ args, options, strict: true })
  if (values.gossip !== undefined) throw new Error('gossip is not built into this peer')
  for (const name of Object.keys(NUMBERS)) {
    if (values[name] === undefined) continue
    const n = Number(values[name])
    if (!Number.isSafeInteger(n) || n < 0) throw new Error(`--${name} ${values[name]}: not a number`)
    values[name] = n
  }
  const o = { ...TEXT, ...NUMBERS, identify: false, ...values }
  if (o.listen === '' && o.transport !== 'unix') o.listen = o.transport === 'quic' ? '/ip4/127.0.0.1/udp/0/quic-v1' : '/ip4/127.0.0.1/tcp/0'
  return o
}
