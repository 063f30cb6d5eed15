// The bytes that travel through an echo.
import { BLOCK, readAll, write } from './stream.js'

// The byte that belongs at offset n: no short period, so that a moved block shows.
function byteAt (n) {
  return (n ^ (n >>> 7) ^ (n >>> 15)) & 0xff
}

export function block (at, length) {
  return Uint8Array.from({ length }, (_, i) => byteAt(at + i))
}

export async function writePattern (stream, n) {
  for (let at = 0; at < n; at += BLOCK) await write(stream, block(at, Math.min(n - at, BLOCK)))
}

// Checks each byte as it arrives; `seen` counts those that were right.
export class Comparison {
  seen = 0

  take = bytes => {
    for (const b of bytes.subarray()) {
      if (b !== byteAt(this.seen)) throw new Error(`echo differs at byte ${this.seen}`)
      this.seen++
    }
  }
}

// Reads to the end of the stream and tells how many bytes were right.
export async function comparePattern (stream) {
  const comparison = new Comparison()
  await readAll(stream, comparison.take)
  return comparison.seen
}
