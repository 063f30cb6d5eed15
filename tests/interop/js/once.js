// One small echo on a stream of its own: 32 bytes there and back, both ends finished.
import { comparePattern, writePattern } from './pattern.js'
import { ECHO } from './protocols.js'

export async function echoOnce (d) {
  const stream = await d.open(ECHO)
  const read = comparePattern(stream)
  await Promise.all([writePattern(stream, 32).then(() => stream.close()), read])
  if (await read !== 32) throw new Error(`${await read} bytes of 32 came back`)
}
