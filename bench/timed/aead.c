/* What sealing costs: every AEAD backend that runs on this processor, at the sizes of a keystroke, a
 * packet, a TLS record and a Noise record, and masks of headers. Nanoseconds of CPU time; a star
 * marks what the library chooses. Each figure is the least of several interleaved rounds.
 *
 * "pieces": as a record is sealed, out of frames of a yamux header and up to 16,367 bytes each. */
#include "crypto/contexts.h"
#include "crypto/hpmask.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 9, HEADER = 12, FRAME = 16367, BATCH = 16, MASKS = 20000 };

static const size_t sizes[] = { 64, 1400, 16384, 65519 };
enum { SIZES = sizeof sizes / sizeof sizes[0] };

typedef struct subject {
  p2p__aead aead;
  const char *name, *kind, *how;
  bool chosen;
  double ns[SIZES];
} subject;

static void check(bool ok) {
  if (ok) return;
  fputs("aead: the operation failed\n", stderr);
  exit(EXIT_FAILURE);
}

static double cpu_ns(void) { return (double)clock() * (1e9 / (double)CLOCKS_PER_SEC); }

static uint8_t in[1 << 16], out[(1 << 16) + P2P__AEAD_TAG];
static const uint8_t nonce[P2P__AEAD_NONCE], key[P2P__AEAD_KEY];

static void seal(subject *s, size_t len) {
  p2p_bytes none = p2p__bytes(NULL, 0);
  if (s->aead.packets) {
    check(p2p__aead_seal(&s->aead, nonce, none, p2p__bytes(in, len), out) == 0);
    return;
  }
  check(p2p__aead_start(&s->aead, nonce, none) == 0);
  for (size_t at = 0, n; at < len; at += n) {
    bool header = at % (HEADER + FRAME) == 0;
    n = p2p__min(header ? HEADER : FRAME, len - at);
    check(p2p__aead_add(&s->aead, p2p__bytes(in + at, n), out + at) == 0);
  }
  check(p2p__aead_finish(&s->aead, out + len) == 0);
}

/* One size of one subject, long enough for the clock. */
static void measure(subject *s, size_t size) {
  size_t times = 20000000 / (sizes[size] + 500);
  double begin = cpu_ns();
  for (size_t i = 0; i < times; i++) seal(s, sizes[size]);
  double each = (cpu_ns() - begin) / (double)times;
  if (s->ns[size] == 0 || each < s->ns[size]) s->ns[size] = each;
}

static size_t find(p2p__crypto *crypto, subject *s, size_t most) {
  static const char *const kinds[] = { "ChaCha20-Poly1305", "AES-128-GCM", "AES-256-GCM" };
  p2p__cpu cpu = p2p__cpu_of_here();
  size_t n = 0;
  for (p2p__cipher cipher = 0; cipher <= P2P__CIPHER_AES_256_GCM; cipher++) {
    for (unsigned use = 0; use < 2; use++) {
      int chosen = p2p__crypto_choose(crypto, cipher, use);
      for (unsigned b = 1; p2p__aead_backend_at(b - 1) && n < most; b++) {
        if (!p2p__aead_backend_at(b - 1)->can(cpu, cipher, use)) continue;
        s[n] = (subject){ .name = p2p__aead_backend_at(b - 1)->name,
                          .kind = kinds[cipher],
                          .how = use ? "packet" : "pieces",
                          .chosen = (int)b == chosen };
        p2p__aead *a = &s[n++].aead;
        (use ? p2p__aead_init_packets : p2p__aead_init)(
            a, crypto, (p2p__aead_kind)((int)P2P__CHACHA20_POLY1305 + (int)cipher), true, key);
        a->backend = (uint8_t)b;
      }
    }
  }
  return n;
}

static void masks(p2p__crypto *crypto, p2p__aead_kind kind, const char *name) {
  uint8_t samples[BATCH * P2P__HP_SAMPLE] = { 0 }, made[BATCH * P2P__HP_MASK];
  double least[2] = { 0 };
  p2p__hpmask h;
  p2p__hpmask_init(&h, crypto, kind, key);
  for (size_t round = 0; round < 2 * ROUNDS; round++) {
    size_t n = round % 2 ? BATCH : 1;
    double begin = cpu_ns();
    for (size_t i = 0; i < MASKS; i++) check(p2p__hpmask_many(&h, samples, n, made) == 0);
    double each = (cpu_ns() - begin) / (double)(MASKS * n);
    if (least[round % 2] == 0 || each < least[round % 2]) least[round % 2] = each;
  }
  printf("mask %-18s one %6.1f   each of %d %6.1f\n", name, least[0], BATCH, least[1]);
  p2p__hpmask_fini(&h);
}

int main(void) {
  static subject all[32];
  p2p__mem mem;
  p2p__crypto *crypto;
  p2p__mem_init(&mem, NULL);
  check(p2p__crypto_new(&mem, &crypto) == 0);
  size_t n = find(crypto, all, sizeof all / sizeof all[0]);
  for (size_t round = 0; round < ROUNDS; round++) {
    for (size_t size = 0; size < SIZES; size++) {
      for (size_t i = 0; i < n; i++) measure(&all[i], size);
    }
  }
  printf("%s\nns of CPU time per seal      ", p2p__crypto_backends());
  for (size_t size = 0; size < SIZES; size++) printf(" %9zu", sizes[size]);
  for (size_t i = 0; i < n; i++) {
    printf("\n%-18s %-6s %-9s%c", all[i].kind, all[i].how, all[i].name, all[i].chosen ? '*' : ' ');
    for (size_t size = 0; size < SIZES; size++) printf(" %9.0f", all[i].ns[size]);
    p2p__aead_fini(&all[i].aead);
  }
  putchar('\n');
  masks(crypto, P2P__AES_128_GCM, "AES-128");
  masks(crypto, P2P__CHACHA20_POLY1305, "ChaCha20");
  p2p__crypto_free(crypto);
  return EXIT_SUCCESS;
}
