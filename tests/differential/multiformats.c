/* Our side of tests/differential/multiformats.py.
 *
 *   addr-bytes TEXT           the bytes of a multiaddr
 *   addr-text BYTES           its canonical text
 *   base-text LETTER BYTES    multibase text; the letter as a number
 *   base-bytes TEXT           its bytes
 *   sum CODE LEN DATA         a multihash; LEN 0 for all of the digest
 *   verify MULTIHASH DATA     "yes" or "no"
 *   name CODE                 the hash function's name, as it is
 *   cid-parts TEXT            version, codec and multihash, separated by spaces
 *   cid-text LETTER BYTES     text of a CID; 0: the usual base
 */
#include "common.h"

static void base_text(const question *q) {
  uint8_t in[BUFFER];
  char out[BUFFER], letter = (char)number_of(q->words[1]);
  answer(out, p2p_multibase_encode(letter, bytes_of(q->words[2], in), out, sizeof out));
}

static void base_bytes(const question *q) {
  uint8_t in[BUFFER], out[BUFFER];
  answer(out, p2p_multibase_decode(bytes_of(q->words[1], in), out, sizeof out));
}

static void sum(const question *q) {
  uint8_t in[BUFFER], out[P2P_MULTIHASH_MAX];
  p2p_bytes data = bytes_of(q->words[3], in);
  size_t len = (size_t)number_of(q->words[2]);
  answer(out, p2p_multihash_sum(number_of(q->words[1]), len, data, out, sizeof out));
}

static void verify(const question *q) {
  uint8_t hash[BUFFER], data[BUFFER];
  int err = p2p_multihash_verify(bytes_of(q->words[1], hash), bytes_of(q->words[2], data));
  puts(err ? "no" : "yes");
}

static void name(const question *q) {
  char out[P2P_MULTIHASH_NAME_MAX];
  puts(p2p_multihash_name(number_of(q->words[1]), out, sizeof out) < 0 ? "-" : out);
}

static void cid_parts(const question *q) {
  uint8_t in[BUFFER];
  p2p_cid cid;
  if (p2p_cid_parse(text_of(q->words[1], in), &cid, NULL)) {
    puts("-");
    return;
  }
  printf("%u %llu ", cid.version, (unsigned long long)cid.codec);
  answer(cid.hash, cid.len);
}

static void cid_text(const question *q) {
  uint8_t in[BUFFER];
  char out[P2P_CID_TEXT_MAX];
  p2p_cid cid;
  int err = p2p_cid_read(bytes_of(q->words[2], in), &cid);
  char base = (char)number_of(q->words[1]);
  answer(out, err ? err : p2p_cid_print(&cid, base, out, sizeof out));
}

static const verb verbs[] = {
  { "addr-bytes", addr_bytes },
  { "addr-text", addr_text },
  { "base-text", base_text },
  { "base-bytes", base_bytes },
  { "sum", sum },
  { "verify", verify },
  { "name", name },
  { "cid-parts", cid_parts },
  { "cid-text", cid_text },
};

int main(void) { return answer_all(verbs, sizeof verbs / sizeof verbs[0]); }
