/* The processor, as libcrypto sees it: CPUID, less what the operating system does not save (XCR0),
 * less what the user masks in OPENSSL_ia32cap. Under valgrind it is what valgrind can run.
 * Spec: OPENSSL_ia32cap(3). */
#include "crypto/cpu.h"
#include <openssl/crypto.h>
#include <string.h>

/* CPUID leaf 1, ecx, in the upper half of the first number. */
#define PCLMULQDQ (UINT64_C(1) << (32 + 1))
#define AESNI (UINT64_C(1) << (32 + 25))
/* CPUID leaf 7, ebx, and ecx in the upper half of the second number. */
#define BMI2 (UINT64_C(1) << 8)
#define AVX512F (UINT64_C(1) << 16)
#define AVX512DQ (UINT64_C(1) << 17)
#define AVX512_IFMA (UINT64_C(1) << 21)
#define AVX512CD (UINT64_C(1) << 28)
#define SHA_NI (UINT64_C(1) << 29)
#define AVX512BW (UINT64_C(1) << 30)
#define AVX512VL (UINT64_C(1) << 31)
#define GFNI (UINT64_C(1) << (32 + 8))
#define VAES (UINT64_C(1) << (32 + 9))
#define VPCLMULQDQ (UINT64_C(1) << (32 + 10))

static bool has(uint64_t bits, uint64_t all) { return (bits & all) == all; }

/* Reads "0x…" and leaves *p behind it; 0 when there is no number. */
static uint64_t number(const char **p) {
  static const char digits[] = "0123456789abcdef";
  uint64_t value = 0;
  if ((*p)[0] != '0' || (*p)[1] != 'x') return 0;
  for (*p += 2; **p; ++*p) {
    const char *digit = strchr(digits, **p);
    if (!digit) break;
    value = value << 4 | (uint64_t)(digit - digits);
  }
  return value;
}

p2p__cpu p2p__cpu_from(const char *text) {
  static const char name[] = "OPENSSL_ia32cap=";
  p2p__cpu cpu = { 0 };
  if (!text || strncmp(text, name, sizeof name - 1) != 0) return cpu;
  const char *at = text + sizeof name - 1;
  uint64_t leaf1 = number(&at), leaf7 = *at == ':' ? (at++, number(&at)) : 0;
  cpu.aes = has(leaf1, AESNI | PCLMULQDQ);
  cpu.wide = cpu.aes && has(leaf7, BMI2 | AVX512F | AVX512DQ | AVX512_IFMA | AVX512CD | SHA_NI |
                                       AVX512BW | AVX512VL | GFNI | VAES | VPCLMULQDQ);
  return cpu;
}

p2p__cpu p2p__cpu_of_here(void) { return p2p__cpu_from(OPENSSL_info(OPENSSL_INFO_CPU_SETTINGS)); }
