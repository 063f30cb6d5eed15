// A thin js-libp2p peer that answers the command lines of tests/interop/README.md.
import { transportTest } from './contract.js'
import { parseOptions } from './options.js'
import { run } from './run.js'
import { serve } from './serve.js'

const USAGE = 'usage: peer serve [options] | peer run TEST --addr MULTIADDR [options] | peer transport-test'

async function dispatch ([verb, ...rest]) {
  if (verb === 'serve') return serve(parseOptions(rest))
  if (verb === 'run' && rest.length > 0) return run(rest[0], parseOptions(rest.slice(1)))
  if (verb === 'transport-test' && rest.length === 0) return transportTest()
  throw new Error(USAGE)
}

try {
  await dispatch(process.argv.slice(2))
  process.exit(0) // timers of the library would keep the process for a while
} catch (error) {
  console.error('js peer:', error?.message ?? error)
  process.exit(1)
}
