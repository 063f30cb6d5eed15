/* Our side of tests/differential/multiformats.py: one question a line, one answer a line. Bytes and
 * texts are in hexadecimal, "." when there are none; "-" answers what is refused.
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
#include <p2p/p2p.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 4, BUFFER = 16384 };

typedef struct question {
  char *words[WORDS]; /* "" where there are fewer */
} question;

/* The bytes of hexadecimal, decoded in place of b. */
static p2p_bytes bytes_of(const char *hex, uint8_t *b) {
  char text[2 * BUFFER];
  int n = strcmp(hex, ".") == 0 ? 1 : snprintf(text, sizeof text, "f%s", hex);
  size_t len = 0;
  for (int i = 1; i + 1 < n; i += 2) { /* not by the library: it is what is tested */
    unsigned high = (unsigned)strchr("0123456789abcdef", text[i])[0];
    unsigned low = (unsigned)strchr("0123456789abcdef", text[i + 1])[0];
    high -= high >= 'a' ? 'a' - 10 : '0';
    low -= low >= 'a' ? 'a' - 10 : '0';
    b[len++] = (uint8_t)(high << 4 | low);
  }
  return (p2p_bytes){ .p = b, .len = len };
}

static void answer(const void *p, ptrdiff_t n) {
  const uint8_t *b = p;
  if (n < 0)
    puts("-");
  else if (n == 0)
    puts(".");
  if (n <= 0) return;
  for (ptrdiff_t i = 0; i < n; i++) printf("%02x", b[i]);
  putchar('\n');
}

static uint64_t number_of(const char *digits) { return strtoull(digits, NULL, 10); }

/* The text of a word, ended by a zero; NULL when it has one within. */
static const char *text_of(const char *hex, uint8_t *b) {
  p2p_bytes text = bytes_of(hex, b);
  b[text.len] = 0;
  return strlen((const char *)b) == text.len ? (const char *)b : NULL;
}

static void addr_bytes(const question *q) {
  uint8_t in[BUFFER], out[P2P_ADDR_MAX];
  answer(out, p2p_addr_parse(text_of(q->words[1], in), out, sizeof out, NULL));
}

static void addr_text(const question *q) {
  uint8_t in[BUFFER];
  char out[BUFFER];
  answer(out, p2p_addr_print(bytes_of(q->words[1], in), out, sizeof out));
}

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

static const struct {
  const char *name;
  void (*run)(const question *q);
} verbs[] = {
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

static void split(char *line, question *q) {
  char *at = line;
  for (size_t i = 0; i < WORDS; i++) {
    q->words[i] = at;
    at += strcspn(at, " \n");
    if (*at) *at++ = 0;
  }
}

int main(void) {
  static char line[4 * BUFFER];
  while (fgets(line, sizeof line, stdin)) {
    question q;
    size_t i = 0, n = sizeof verbs / sizeof verbs[0];
    split(line, &q);
    while (i < n && strcmp(verbs[i].name, q.words[0]) != 0) i++;
    if (i == n) return 2;
    verbs[i].run(&q);
  }
  return 0;
}
