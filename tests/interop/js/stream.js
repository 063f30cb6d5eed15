// Reading and writing of js-libp2p's event streams, with their corners taken into account.
import { once } from 'node:events'

export const BLOCK = 64 << 10

// Gives what arrives to onBytes. Resolves when the remote finished, rejects when the stream was reset.
// The stock iterator is not used: it misses a FIN that came before it was started.
export function readAll (stream, onBytes) {
  return new Promise((resolve, reject) => {
    const settle = () => {
      if (stream.status === 'reset' || stream.status === 'aborted') reject(new ResetError(stream.status))
      else resolve()
    }
    stream.addEventListener('end', settle)
    stream.addEventListener('close', event => {
      if (event.error == null) return
      reject(stream.status === 'reset' ? new ResetError('reset') : event.error)
    })
    stream.addEventListener('message', event => {
      try {
        onBytes(event.data)
      } catch (error) {
        reject(error)
      }
    })
    if (stream.readableEnded || stream.status === 'reset') settle()
  })
}

export class ResetError extends Error {
  constructor (status) {
    super(`stream ${status}`)
    this.remote = status === 'reset'
  }
}

// Sends, a block at a time, and waits each time until there is room again. Two reasons: a stream sends all it
// has buffered in one frame, and rust ends the connection at a frame above 1 MiB; and stream.onDrain() waits
// only the first time it is called.
export async function write (stream, bytes) {
  for (let at = 0; at < bytes.byteLength; at += BLOCK) {
    stream.send(bytes.subarray(at, Math.min(at + BLOCK, bytes.byteLength)))
    while (stream.writableNeedsDrain) await drained(stream)
  }
}

async function drained (stream) {
  const stop = new AbortController()
  const { signal } = stop
  try {
    await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })])
  } finally {
    stop.abort()
  }
  if (stream.status !== 'open') throw new Error(`stream ${stream.status} while writing`)
}

export async function writeZeros (stream, n) {
  const block = new Uint8Array(BLOCK)
  for (; n > 0; n -= BLOCK) await write(stream, block.subarray(0, Math.min(n, BLOCK)))
}
