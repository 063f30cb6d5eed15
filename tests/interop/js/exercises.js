// The judged tests on one connection.
import { echoOnce } from './once.js'
import { comparePattern, Comparison, writePattern } from './pattern.js'
import { ECHO, RESET } from './protocols.js'
import { readAll, write } from './stream.js'

// Sends --bytes while it compares what returns, finishes, and wants the end after the last byte.
export async function echo (d) {
  const stream = await d.open(ECHO)
  const read = comparePattern(stream)
  const send = async () => {
    await writePattern(stream, d.o.bytes)
    await stream.close()
  }
  const [bytes] = await Promise.all([read, send()])
  if (bytes !== d.o.bytes) throw new Error(`sent ${d.o.bytes} bytes, ${bytes} came back`)
  return { bytes }
}

// Writes --after bytes to an echo stream and resets it; with --by remote it asks the other side to.
export async function reset (d) {
  if (d.o.by === 'remote') return resetByRemote(d)
  const stream = await d.open(ECHO)
  readAll(stream, () => {}).catch(() => {}) // so that the echo never stops for a full window
  await writePattern(stream, d.o.after)
  stream.abort(new Error('mid-way')) // js sends no code
  await echoOnce(d) // the connection must survive
  return { bytes: d.o.after, code: null }
}

async function resetByRemote (d) {
  const stream = await d.open(RESET)
  const ended = readAll(stream, () => {}).then(() => 'a clean end', error => error)
  await write(stream, Uint8Array.of(0, 0, 0, 42))
  const seen = await ended
  if (!seen.remote) throw new Error(`wanted a reset, saw: ${seen}`)
  return { bytes: 4, code: null } // js reads no code
}

// Prints what the remote said about itself.
export async function identify (d) {
  const { said } = d
  return {
    bytes: 0,
    peer: said.peerId.toString(),
    agent_version: said.agentVersion,
    protocol_version: said.protocolVersion,
    protocols: said.protocols,
    listen_addrs: said.listenAddrs.map(String),
    observed_addr: said.observedAddr === undefined ? null : String(said.observedAddr)
  }
}

// Opens --count streams one after the other, then --open at once, all of them echoing.
export async function many (d) {
  for (let i = 0; i < d.o.count; i++) await echoOnce(d)
  const held = []
  for (let i = 0; i < d.o.open; i++) held.push(await hold(d))
  await Promise.all(held.map(h => h.echoed))
  for (const { stream, ended } of held) {
    await stream.close()
    await ended
  }
  return { bytes: 32 * (d.o.count + d.o.open) }
}

// A stream that stays open after its 32 bytes came back.
async function hold (d) {
  const stream = await d.open(ECHO)
  const comparison = new Comparison()
  const echoed = Promise.withResolvers()
  const ended = readAll(stream, bytes => {
    comparison.take(bytes)
    if (comparison.seen === 32) echoed.resolve()
    if (comparison.seen > 32) throw new Error('more than 32 bytes came back')
  })
  ended.catch(echoed.reject)
  await writePattern(stream, 32)
  return { stream, ended, echoed: echoed.promise }
}
