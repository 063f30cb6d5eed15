// `run TEST`: the tests by name, timed or judged.
import * as connections from './connections.js'
import * as exercises from './exercises.js'
import * as measure from './measure.js'
import { connect, newNode, UNLIMITED } from './node.js'
import { printLine } from './output.js'

export async function run (test, o) {
  if (o.addr === '') throw new Error('--addr is missing')
  if (test === 'gossip') throw new Error('gossip is not built into this peer')
  if (Object.hasOwn(connections, test)) return connections[test](o)
  if (Object.hasOwn(measure, test)) return measured(test, o)
  if (Object.hasOwn(exercises, test)) return exercise(test, o)
  throw new Error(`unknown test "${test}"`)
}

// One connection under test.
async function newDialer (o, test) {
  const node = await newNode(o)
  const { connection, said } = await connect(node, o.addr, test === 'identify')
  return { o, node, said, connection, open: protocol => connection.newStream(protocol, UNLIMITED) }
}

async function measured (test, o) {
  const d = await newDialer(o, test)
  printLine(await timed(test, () => measure[test](d)))
  await d.node.stop()
}

// Adds the test's name and the wall and CPU seconds of its work to the result.
export async function timed (test, work) {
  const start = performance.now()
  const cpu = process.cpuUsage()
  const result = await work()
  const seconds = (performance.now() - start) / 1e3
  const used = process.cpuUsage(cpu)
  if (result.bytes !== undefined) result.gbit_s = result.bytes * 8 / seconds / 1e9
  if (result.count !== undefined) result.per_s = result.count / seconds
  return { test, seconds, cpu: (used.user + used.system) / 1e6, ...result }
}

// Prints a verdict in any case: a failed exercise is a result, with its cause.
async function exercise (test, o) {
  try {
    const d = await newDialer(o, test)
    printLine({ test, ok: true, ...await exercises[test](d) })
    await d.node.stop()
  } catch (error) {
    printLine({ test, ok: false, error: error.message })
    throw new Error(`${test}: ${error.message}`, { cause: error })
  }
}
