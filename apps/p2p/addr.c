/* p2p addr: what a multiaddr says, part by part. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "each.h"
#include "json.h"
#include "report.h"

enum { HEX_MAX = 2 * P2P_ADDR_MAX + 1 };

/* The value as text, or NULL for a protocol that has none. */
static const char *value_of(const p2p_addr_part *part, char *buf, size_t cap) {
  ptrdiff_t n = p2p_addr_part_print(part, buf, cap);
  return n > 0 ? buf : NULL;
}

static void print_json(p2p_bytes addr, const char *text, const char *hex) {
  char value[P2P_ADDR_TEXT_MAX];
  p2p_addr_part part;
  json j;
  json_begin(&j);
  json_text(&j, "text", text);
  json_text(&j, "bytes", hex);
  json_list(&j, "parts");
  for (p2p_bytes rest = addr; p2p_addr_next(&rest, &part) == 1;) {
    json_object(&j, NULL);
    json_text(&j, "protocol", part.name);
    json_count(&j, "code", part.code);
    json_text(&j, "value", value_of(&part, value, sizeof value));
    json_object_end(&j);
  }
  json_list_end(&j);
  json_text(&j, "class", p2p_addr_class(addr));
  json_text(&j, "transport", p2p_addr_transport(addr));
  json_end(&j);
}

static void print_text(p2p_bytes addr, const char *text, const char *hex) {
  char value[P2P_ADDR_TEXT_MAX];
  const char *transport = p2p_addr_transport(addr);
  p2p_addr_part part;
  printf("address    %s\nbytes      %s\n", text, hex);
  for (p2p_bytes rest = addr; p2p_addr_next(&rest, &part) == 1;) {
    const char *v = value_of(&part, value, sizeof value);
    printf("part       %-16s %6u  ", part.name, (unsigned)part.code);
    text_print(stdout, v ? v : "");
    putchar('\n');
  }
  printf("class      %s\ntransport  %s\n", p2p_addr_class(addr),
         transport ? transport : "none of ours dials it");
}

static bool refuse(const char *command, const char *word, int err, size_t at) {
  if (err != P2P_EADDR)
    report(command, "%s: %s (at offset %zu)", word, p2p_strerror(err), at);
  else if (at >= strlen(word))
    report(command, "%s: not a valid multiaddr (at offset %zu: something is missing)", word, at);
  else
    report(command, "%s: not a valid multiaddr (at offset %zu: \"%.*s\")", word, at,
           (int)strcspn(word + at + (word[at] == '/'), "/") + (word[at] == '/'), word + at);
  return false;
}

static bool explain(const char *command, const char *word, bool as_json) {
  uint8_t packed[P2P_ADDR_MAX];
  char text[P2P_ADDR_TEXT_MAX], hex[HEX_MAX];
  size_t at = 0;
  ptrdiff_t n = p2p_addr_parse(word, packed, sizeof packed, &at);
  if (n < 0) return refuse(command, word, (int)n, at);
  p2p_bytes addr = { packed, (size_t)n };
  n = p2p_addr_print(addr, text, sizeof text);
  if (n < 0) return refuse(command, word, (int)n, 0);
  each_hex(packed, addr.len, hex, sizeof hex);
  (as_json ? print_json : print_text)(addr, text, hex);
  return true;
}

static int run(int argc, char **argv) { return each_main(&addr_command, explain, argc, argv); }

const args_command addr_command = {
  .name = "p2p addr",
  .operands = "[MULTIADDR]...",
  .n_operands = EACH_WORDS_MAX,
  .brief = "explain multiaddrs",
  .summary = "Explains multiaddrs.",
  .more =
      "Each part with its code and value, from where the address can be reached, and which of our\n"
      "transports would dial it. Without operands: lines of standard input.",
  .examples = "p2p addr /ip4/192.0.2.1/tcp/4001\n",
  .options = each_options,
  .n_options = 1,
  .run = run,
};
