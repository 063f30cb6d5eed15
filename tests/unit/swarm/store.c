#include "unit/swarm/store.h"

#include "multiformats/multiaddr.h"
#include "unit/base/test.h"

void store_init(store *s) {
  *s = (store){ 0 };
  p2p__mem_init(&s->mem, NULL);
  p2p__limits_default(&s->limits);
  s->env = (p2p__env){ .mem = &s->mem, .limits = &s->limits, .hash_key = { 5 } };
}

void store_begin(store *s) { assert_int_equal(p2p__peers_init(&s->peers, &s->env), 0); }

void store_fini(store *s) {
  p2p__peers_fini(&s->peers);
  assert_int_equal(s->mem.total, 0);
}

p2p_peer_id store_id(uint32_t number) {
  p2p_peer_id id = { .len = 34, .b = { 0x12, 0x20 } };
  memcpy(id.b + 2, &number, sizeof number);
  return id;
}

p2p__peer *store_ref(store *s, uint32_t number) {
  p2p_peer_id id = store_id(number);
  return p2p__peer_ref(&s->peers, &id);
}

p2p_bytes store_addr(const char *text, uint8_t buf[P2P_ADDR_MAX]) {
  ptrdiff_t len = p2p_addr_parse(text, buf, P2P_ADDR_MAX, NULL);
  assert_true(len > 0);
  return p2p__bytes(buf, (size_t)len);
}

p2p_bytes store_long_addr(uint32_t number, uint8_t buf[P2P_ADDR_MAX]) {
  p2p__wr w = p2p__wr_of(buf, P2P_ADDR_MAX);
  uint8_t name[250];
  memset(name, 'a', sizeof name);
  for (size_t i = 0; i < 8; i++) name[i] = (uint8_t)('a' + (number >> 4 * i & 15));
  p2p__ma_add(&w, P2P__MA_DNS, p2p__bytes(name, sizeof name));
  p2p__ma_add(&w, P2P__MA_DNS, p2p__bytes(name, sizeof name));
  assert_int_equal(w.err, 0);
  assert_true(w.len > P2P_ADDR_MAX - 8);
  return p2p__wr_bytes(&w);
}
