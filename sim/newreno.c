/* Congestion control as every textbook has it: slow start, congestion avoidance, fast retransmit
 * and fast recovery. RFC 5681, RFC 6582; the retransmission timer is RFC 6298's. */
#include "sim/tcp.h"

void sim_newreno_init(sim_newreno *r, size_t mss) {
  *r = (sim_newreno){ .window = TCP_FIRST_SEGMENTS * mss, .threshold = UINT64_MAX };
}

static uint64_t max64(uint64_t a, uint64_t b) { return a > b ? a : b; }
static uint64_t min64(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint64_t flight(const sim_tcp *c) { return c->max - c->una; }

static void window_grow(sim_newreno *r, size_t mss, uint64_t acked) {
  if (r->window < r->threshold)
    r->window += min64(acked, mss); /* RFC 5681, equation 2 */
  else
    r->window += max64(1, (uint64_t)mss * mss / r->window); /* equation 3 */
}

/* RFC 6582, section 3.2, step 3: partial and full acknowledgements. */
static bool recovery_acked(sim_tcp *c, uint64_t bytes) {
  sim_newreno *r = &c->reno;
  if (c->una >= r->recover) {
    r->recovering = false;
    r->window = min64(r->threshold, max64(flight(c), c->mss) + c->mss);
    return false;
  }
  r->window -= min64(r->window, bytes);
  if (bytes >= c->mss) r->window += c->mss;
  r->window = max64(r->window, c->mss);
  return true;
}

bool sim_newreno_acked(sim_tcp *c, uint64_t bytes) {
  sim_newreno *r = &c->reno;
  r->dupacks = 0;
  if (r->recovering) return recovery_acked(c, bytes);
  window_grow(r, c->mss, bytes);
  return false;
}

bool sim_newreno_dupack(sim_tcp *c) {
  sim_newreno *r = &c->reno;
  r->dupacks++;
  if (r->recovering) {
    r->window += c->mss; /* a segment has left the network */
    return false;
  }
  if (r->dupacks != TCP_DUPACKS || c->una < r->recover) return false;
  r->recovering = true;
  r->partial = false;
  r->recover = c->max;
  r->threshold = max64(flight(c) / 2, 2 * (uint64_t)c->mss);
  r->window = r->threshold + TCP_DUPACKS * (uint64_t)c->mss;
  return true;
}

void sim_newreno_timeout(sim_tcp *c) {
  sim_newreno *r = &c->reno;
  if (c->retries == 1) r->threshold = max64(flight(c) / 2, 2 * (uint64_t)c->mss);
  r->window = c->mss;
  r->recover = c->max; /* duplicates of what is resent now start no recovery */
  r->recovering = false;
  r->dupacks = 0;
}

/* RFC 6298, section 2. */
void sim_rtt_sample(sim_tcp *c, p2p_time rtt) {
  if (c->srtt == 0) {
    c->srtt = rtt;
    c->rttvar = rtt / 2;
  } else {
    p2p_time off = rtt > c->srtt ? rtt - c->srtt : c->srtt - rtt;
    c->rttvar = (3 * c->rttvar + off) / 4;
    c->srtt = (7 * c->srtt + rtt) / 8;
  }
  p2p_time rto = c->srtt + 4 * c->rttvar;
  c->rto = rto < TCP_RTO_MIN ? TCP_RTO_MIN : rto > TCP_RTO_MAX ? TCP_RTO_MAX : rto;
}
