void f(const p2p__log *log) { p2p__logf(log, P2P_LOG_INFO, "swarm conn=%u closed", 1u); }
