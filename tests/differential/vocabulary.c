/* Our side of tests/differential/vocabulary.py; tests/interop/go/vocabulary.go is the other.
 *
 *   make TYPE BITS            a new private key; the type's number, BITS 0: the usual size
 *   again PRIVATE             the private key, read and written
 *   public PRIVATE            its public key
 *   sign PRIVATE MESSAGE      a signature
 *   verify PUBLIC MESSAGE SIGNATURE   "yes", "no", or "-": no key
 *   id PUBLIC                 the peer id: base58, CID, multihash; the key that it holds or "."
 *   id-of TEXT                the multihash that a text of a peer id means
 *   addr-bytes, addr-text     as in multiformats.c
 *   seal PRIVATE SEQ ADDRS    an envelope with a peer record; addresses' bytes, commas between
 *   open ENVELOPE             peer id, SEQ, addresses: of the record that it holds
 */
#include "common.h"
#include "peer/peer_record.h"

enum { ADDRS = 16 };

static void make(const question *q) {
  uint8_t out[P2P_PRIVKEY_MAX];
  p2p_identity id;
  p2p_io *io = NULL;
  ptrdiff_t len = p2p_io_uv_new(&io);
  if (!len)
    len = p2p_identity_generate_bits(&id, (p2p_key_type)number_of(q->words[1]),
                                     (unsigned)number_of(q->words[2]), io);
  if (!len) {
    len = p2p_identity_export(&id, out, sizeof out);
    p2p_identity_fini(&id);
  }
  answer(out, len);
  if (io) io->ops->free(io);
}

/* The identity of the second word; false: refused, and that was the answer. */
static bool take(const question *q, p2p_identity *id) {
  uint8_t in[BUFFER];
  if (p2p_identity_import(id, bytes_of(q->words[1], in)) == 0) return true;
  answer(NULL, -1);
  return false;
}

static void again(const question *q) {
  uint8_t out[P2P_PRIVKEY_MAX];
  p2p_identity id;
  if (!take(q, &id)) return;
  answer(out, p2p_identity_export(&id, out, sizeof out));
  p2p_identity_fini(&id);
}

static void public(const question *q) {
  p2p_identity id;
  if (!take(q, &id)) return;
  answer(id.pubkey, (ptrdiff_t)id.pubkey_len);
  p2p_identity_fini(&id);
}

static void sign(const question *q) {
  uint8_t msg[BUFFER], sig[P2P_SIGNATURE_MAX];
  size_t len = 0;
  p2p_identity id;
  if (!take(q, &id)) return;
  int err = id.sign(id.ctx, bytes_of(q->words[2], msg), sig, &len);
  answer(sig, err ? err : (ptrdiff_t)len);
  p2p_identity_fini(&id);
}

static void verify(const question *q) {
  uint8_t key[BUFFER], msg[BUFFER], sig[BUFFER];
  int err = p2p_verify(bytes_of(q->words[1], key), bytes_of(q->words[2], msg),
                       bytes_of(q->words[3], sig));
  puts(err == 0 ? "yes" : err == P2P_ESIG ? "no" : "-");
}

static void print_id(const p2p_peer_id *id) {
  char text[P2P_PEER_ID_TEXT_MAX], cid[P2P_PEER_ID_TEXT_MAX];
  if (p2p_peer_id_print(id, text, sizeof text) < 0 ||
      p2p_peer_id_print_cid(id, cid, sizeof cid) < 0)
    exit(3);
  printf("%s %s ", text, cid);
}

static void id(const question *q) {
  uint8_t key[BUFFER];
  p2p_peer_id id;
  p2p_bytes inlined = { 0 };
  if (p2p_peer_id_from_pubkey(bytes_of(q->words[1], key), &id)) {
    puts("-");
    return;
  }
  print_id(&id);
  for (size_t i = 0; i < id.len; i++) printf("%02x", id.b[i]);
  putchar(' ');
  ptrdiff_t len = p2p_peer_id_pubkey(&id, &inlined);
  answer(inlined.p, len < 0 ? 0 : len);
}

static void id_of(const question *q) {
  uint8_t in[BUFFER];
  p2p_peer_id id;
  const char *text = text_of(q->words[1], in);
  bool is_id = text && p2p_peer_id_parse(text, &id) == 0;
  answer(is_id ? id.b : NULL, is_id ? (ptrdiff_t)id.len : -1);
}

/* ---- records ---- */

static void seal(const question *q) {
  static uint8_t room[BUFFER], scratch[BUFFER], out[BUFFER];
  p2p_bytes addrs[ADDRS];
  size_t n = 0, used = 0;
  p2p_identity id;
  if (!take(q, &id)) return;
  for (char *at = q->words[3], *comma = at; comma && n < ADDRS; at = comma + 1) {
    comma = strchr(at, ',');
    if (comma) *comma = 0;
    addrs[n] = bytes_of(at, room + used);
    used += addrs[n++].len;
  }
  p2p__wr w = p2p__wr_of(out, sizeof out);
  int err = p2p__peer_record_seal(&id, number_of(q->words[2]), addrs, n,
                                  p2p__span_of(scratch, sizeof scratch), &w);
  answer(out, err ? err : (ptrdiff_t)w.len);
  p2p_identity_fini(&id);
}

static void open(const question *q) {
  static uint8_t in[BUFFER], scratch[BUFFER];
  p2p__peer_record record;
  p2p_bytes addr;
  if (p2p__peer_record_open(bytes_of(q->words[1], in), p2p__span_of(scratch, sizeof scratch),
                            &record)) {
    puts("-");
    return;
  }
  print_id(&record.peer);
  printf("%llu", (unsigned long long)record.seq);
  p2p__rd r = p2p__rd_of(record.record);
  for (int i = 0; p2p__peer_record_addr(&r, &addr) == 1; i++) {
    putchar(i ? ',' : ' ');
    for (size_t k = 0; k < addr.len; k++) printf("%02x", addr.p[k]);
  }
  putchar('\n');
}

static const verb verbs[] = {
  { "make", make },           { "again", again },
  { "public", public },       { "sign", sign },
  { "verify", verify },       { "id", id },
  { "id-of", id_of },         { "addr-bytes", addr_bytes },
  { "addr-text", addr_text }, { "seal", seal },
  { "open", open },
};

int main(void) { return answer_all(verbs, sizeof verbs / sizeof verbs[0]); }
