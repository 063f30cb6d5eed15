// `serve`: listen, answer, obey stdin until it ends.
import { createInterface } from 'node:readline'
import { newNode, UNLIMITED } from './node.js'
import { printLine } from './output.js'
import { SERVED } from './protocols.js'

export async function serve (o) {
  const node = await newNode(o, { listen: [o.listen] })
  let accepted = 0
  node.addEventListener('connection:open', ({ detail }) => {
    if (detail.direction === 'inbound') accepted++
  })
  for (const [protocol, answer] of SERVED) await node.handle(protocol, answer, UNLIMITED)
  for (const address of node.getMultiaddrs()) printLine({ listening: address.toString() })
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'quit') break
    if (line === 'mem') printLine({ ...memory(), conns: node.getConnections().length, accepted })
    else console.error(`js peer: unknown command ${JSON.stringify(line)}`)
  }
  await node.stop()
}

// What is in use after a collection; V8 gives memory back to the system by its own rules.
function memory () {
  globalThis.gc()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heap: heapUsed + external }
}
