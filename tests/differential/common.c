/* Questions in, answers out. */
#include "common.h"

p2p_bytes bytes_of(const char *hex, uint8_t *b) {
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

void answer(const void *p, ptrdiff_t n) {
  const uint8_t *b = p;
  if (n < 0)
    puts("-");
  else if (n == 0)
    puts(".");
  if (n <= 0) return;
  for (ptrdiff_t i = 0; i < n; i++) printf("%02x", b[i]);
  putchar('\n');
}

uint64_t number_of(const char *digits) { return strtoull(digits, NULL, 10); }

const char *text_of(const char *hex, uint8_t *b) {
  p2p_bytes text = bytes_of(hex, b);
  b[text.len] = 0;
  return strlen((const char *)b) == text.len ? (const char *)b : NULL;
}

void addr_bytes(const question *q) {
  uint8_t in[BUFFER], out[P2P_ADDR_MAX];
  answer(out, p2p_addr_parse(text_of(q->words[1], in), out, sizeof out, NULL));
}

void addr_text(const question *q) {
  uint8_t in[BUFFER];
  char out[BUFFER];
  answer(out, p2p_addr_print(bytes_of(q->words[1], in), out, sizeof out));
}

static void split(char *line, question *q) {
  char *at = line;
  for (size_t i = 0; i < WORDS; i++) {
    q->words[i] = at;
    at += strcspn(at, " \n");
    if (*at) *at++ = 0;
  }
}

int answer_all(const verb *verbs, size_t n) {
  static char line[4 * BUFFER];
  while (fgets(line, sizeof line, stdin)) {
    question q;
    size_t i = 0;
    split(line, &q);
    while (i < n && strcmp(verbs[i].name, q.words[0]) != 0) i++;
    if (i == n) return 2;
    verbs[i].run(&q);
  }
  return 0;
}
