// The tests whose subject is the connection itself.
import { connect, newNode } from './node.js'
import { printLine } from './output.js'
import { timed } from './run.js'

// Connects and closes --count times; a worker is a node, since one node keeps one connection to a peer.
export async function handshakes (o) {
  const { count, concurrency, identify } = o
  const workers = []
  for (let i = 0; i < concurrency; i++) workers.push(await newNode(o, { runIdentify: identify }))
  let taken = 0
  const share = async node => {
    while (taken++ < count) {
      const { connection } = await connect(node, o.addr, identify)
      await connection.close()
    }
  }
  printLine(await timed('handshakes', async () => {
    await Promise.all(workers.map(share))
    return { count, concurrency, identify }
  }))
  await Promise.all(workers.map(node => node.stop()))
}

// Holds --conns connections, each of an identity of its own, until stdin closes.
export async function idle (o) {
  const nodes = []
  for (let i = 0; i < o.conns; i++) {
    const node = await newNode(o)
    await connect(node, o.addr, true)
    nodes.push(node)
  }
  printLine({ test: 'idle', conns: o.conns })
  for await (const ignored of process.stdin); // eslint-disable-line no-unused-vars
  await Promise.all(nodes.map(node => node.stop()))
}
