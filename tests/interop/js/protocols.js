// What `serve` answers.
import { Uint8ArrayList } from 'uint8arraylist'
import { printLine } from './output.js'
import { readAll, write, writeZeros } from './stream.js'

export const ECHO = '/echo/1.0.0'
export const PERF = '/perf/1.0.0'
export const PING = '/ipfs/ping/1.0.0'
export const RESET = '/interop/reset/1.0.0'

// Sends every byte back, finishes when the remote finished, and says so when it reset instead.
async function answerEcho (stream) {
  let sent = Promise.resolve()
  try {
    await readAll(stream, bytes => {
      sent = sent.then(() => write(stream, bytes))
      sent.catch(() => {}) // seen below, or the reading ended with the same error
    })
    await sent
    await stream.close()
  } catch (error) {
    // libp2p-quic shows a reset as the end of what is read and the failure of what is written.
    if (stream.status !== 'reset' && stream.status !== 'aborted') throw error
    printLine({ event: 'reset', code: null }) // js reads no codes
  }
}

// Reads the number of bytes wanted and the upload to its end, then sends that many.
async function answerPerf (stream) {
  const head = new Uint8ArrayList()
  await readAll(stream, bytes => {
    if (head.byteLength < 8) head.append(bytes.subarray(0, 8 - head.byteLength))
  })
  await writeZeros(stream, Number(head.getBigUint64(0)))
  await stream.close()
}

// Reads the four bytes of a code and resets the stream; js sends no codes.
async function answerReset (stream) {
  let seen = 0
  await readAll(stream, bytes => {
    seen += bytes.byteLength
    if (seen >= 4) stream.abort(new Error('asked to'))
  })
}

// An error of a handler aborts its stream and nothing else.
const guarded = answer => stream => answer(stream).catch(error => {
  console.error('js peer:', stream.protocol, error.message ?? error.type)
  stream.abort(new Error(error.message ?? error.type))
})

export const SERVED = new Map([
  [ECHO, guarded(answerEcho)], [PERF, guarded(answerPerf)], [RESET, guarded(answerReset)]
])
