// The timed tests on one connection.
import { Uint8ArrayList } from 'uint8arraylist'
import { echoOnce } from './once.js'
import * as pattern from './pattern.js'
import { PERF, PING } from './protocols.js'
import { readAll, write, writeZeros } from './stream.js'

// Moves --bytes on --streams perf streams.
export async function throughput (d) {
  const { bytes, streams, dir } = d.o
  if (dir !== 'up' && dir !== 'down') throw new Error(`--dir ${dir}: up or down`)
  const parts = Array.from({ length: streams }, (_, i) =>
    Math.floor(bytes / streams) + (i === 0 ? bytes % streams : 0))
  await Promise.all(parts.map(n => dir === 'up' ? perf(d, n, 0) : perf(d, 0, n)))
  return { bytes, dir, streams }
}

async function perf (d, up, down) {
  const stream = await d.open(PERF)
  let got = 0
  const read = readAll(stream, bytes => { got += bytes.byteLength })
  const head = new DataView(new ArrayBuffer(8))
  head.setBigUint64(0, BigInt(down))
  const send = async () => {
    await write(stream, new Uint8Array(head.buffer))
    await writeZeros(stream, up)
    await stream.close()
  }
  await Promise.all([send(), read])
  if (got !== down) throw new Error(`asked for ${down} bytes, got ${got}`)
}

// Opens --count echo streams, --concurrency at a time, for 32 bytes each.
export async function streams (d) {
  const { count, concurrency } = d.o
  let taken = 0
  const worker = async () => {
    while (taken++ < count) await echoOnce(d)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return { count, concurrency }
}

// Sends 32 bytes at a time on one ping stream and gives quantiles of the round trip.
export async function ping (d) {
  const stream = await d.open(PING)
  const got = new Uint8ArrayList()
  let pong
  const read = readAll(stream, bytes => {
    got.append(bytes)
    if (got.byteLength >= 32) pong.resolve()
  })
  read.catch(error => pong?.reject(error))
  const trips = []
  for (let i = 0; i < d.o.count; i++) {
    const sent = pattern.block(32 * i, 32)
    pong = Promise.withResolvers()
    const start = performance.now()
    await write(stream, sent)
    await pong.promise
    trips.push((performance.now() - start) * 1e3)
    if (Buffer.compare(sent, got.subarray()) !== 0) throw new Error(`pong ${i} differs from its ping`)
    got.consume(32)
  }
  await stream.close()
  trips.sort((a, b) => a - b)
  const at = q => trips[Math.floor(q * (trips.length - 1))]
  return { count: d.o.count, p50_us: at(0.5), p90_us: at(0.9), p99_us: at(0.99) }
}
