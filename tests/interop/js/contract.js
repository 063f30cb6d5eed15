// `transport-test`: the contract of libp2p's own transport tests, told by the environment, over redis.
import { connect as connectTcp } from 'node:net'
import { connect, newNode, UNLIMITED } from './node.js'
import { parseOptions } from './options.js'
import { printLine } from './output.js'
import { PING } from './protocols.js'
import { write } from './stream.js'

// Either dialect: lower case (test-plans) or upper case (unified-testing).
function contract () {
  const unified = process.env.IS_DIALER !== undefined
  const said = (upper, lower, standard) => process.env[unified ? upper : lower] || standard
  return {
    unified,
    dials: said('IS_DIALER', 'is_dialer', 'false') === 'true',
    ip: said('LISTENER_IP', 'ip', '0.0.0.0'),
    redis: said('REDIS_ADDR', 'redis_addr', 'redis:6379'),
    key: unified ? `${process.env.TEST_KEY}_listener_multiaddr` : 'listenerAddr',
    seconds: Number(said('TEST_TIMEOUT_SECS', 'test_timeout_seconds', '180')),
    o: {
      ...parseOptions([]),
      transport: said('TRANSPORT', 'transport', 'tcp').replace('quic-v1', 'quic'),
      security: said('SECURE_CHANNEL', 'security', 'noise'),
      muxer: said('MUXER', 'muxer', 'yamux')
    }
  }
}

export async function transportTest () {
  const c = contract()
  return c.dials ? dial(c) : listen(c)
}

// Tells where it listens and waits to be ended.
async function listen (c) {
  const at = c.o.transport === 'quic' ? `/ip4/${c.ip}/udp/0/quic-v1` : `/ip4/${c.ip}/tcp/0`
  const node = await newNode(c.o, { listen: [at] })
  const address = node.getMultiaddrs().map(String).find(text => !text.startsWith('/ip4/127.'))
  if (address === undefined) throw new Error('no address beyond loopback')
  await ask(c, ['RPUSH', c.key, address])
  await new Promise(resolve => setTimeout(resolve, c.seconds * 1e3))
  throw new Error('nobody ended the listener in time')
}

async function dial (c) {
  const address = await ask(c, ['BLPOP', c.key, String(c.seconds)])
  if (address === undefined) throw new Error('no listener told its address')
  const node = await newNode(c.o)
  let start = performance.now()
  const { connection } = await connect(node, address)
  const stream = await connection.newStream(PING, UNLIMITED)
  const pong = pongs(stream)
  await ping(stream, pong, 1)
  const handshake = performance.now() - start
  start = performance.now()
  await ping(stream, pong, 2)
  const rtt = performance.now() - start
  if (c.unified) {
    process.stdout.write(`latency:\n  handshake_plus_one_rtt: ${handshake}\n  ping_rtt: ${rtt}\n  unit: ms\n`)
  } else {
    printLine({ handshakePlusOneRTTMillis: handshake, pingRTTMilllis: rtt })
  }
  await node.stop()
}

// A function that waits for the next 32 bytes.
function pongs (stream) {
  let got = Buffer.alloc(0)
  let wake = () => {}
  stream.addEventListener('message', event => {
    got = Buffer.concat([got, event.data.subarray()])
    wake()
  })
  stream.addEventListener('close', () => wake(new Error('the ping stream ended')))
  return async () => {
    while (got.byteLength < 32) {
      await new Promise((resolve, reject) => { wake = error => error ? reject(error) : resolve() })
    }
    const pong = got.subarray(0, 32)
    got = got.subarray(32)
    return pong
  }
}

async function ping (stream, pong, byte) {
  const sent = Buffer.alloc(32, byte)
  await write(stream, sent)
  if (Buffer.compare(sent, await pong()) !== 0) throw new Error('the pong differs from its ping')
}

// One command to redis on a connection of its own; the last of the strings that came back.
function ask (c, words) {
  const [host, port] = c.redis.split(':')
  const text = `*${words.length}\r\n` + words.map(word => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')
  return new Promise((resolve, reject) => {
    const socket = connectTcp(Number(port), host, () => socket.write(text))
    let got = ''
    socket.setTimeout((c.seconds + 5) * 1e3, () => reject(new Error('redis: no answer')))
    socket.on('error', reject)
    socket.on('end', () => reject(new Error('redis: gone')))
    socket.on('data', data => {
      got += data
      const answer = reply(got)
      if (answer === null) return
      socket.destroy()
      if (answer.error) reject(new Error(`redis: ${answer.error}`))
      else resolve(answer.strings.at(-1))
    })
  })
}

// { strings } or { error }; null: more must come.
function reply (text) {
  const lines = text.split('\r\n')
  const whole = lines.length - 1 // the last one is not ended
  const strings = []
  let wanted = 1
  let at = 0
  for (; wanted > 0; wanted--, at++) {
    if (at >= whole) return null
    const n = Number(lines[at].slice(1))
    if (lines[at].startsWith('-')) return { error: lines[at] }
    if (lines[at].startsWith('*')) wanted += Math.max(n, 0)
    if (lines[at].startsWith('$') && n >= 0) {
      if (++at >= whole) return null
      strings.push(lines[at])
    }
  }
  return { strings }
}
