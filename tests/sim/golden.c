#include "golden.h"

#include "unit/base/test.h"
#include <ctype.h>
#include <string.h>

/* Numbers with a fraction become T. */
static void blank(char *text) {
  char *to = text;
  for (const char *from = text; *from;) {
    size_t n = strspn(from, "0123456789"),
           m = from[n] == '.' ? strspn(from + n + 1, "0123456789") : 0;
    bool inside = from > text && (isdigit((unsigned char)from[-1]) || from[-1] == '.');
    if (n && m == 3 && !inside && from[n + 1 + m] != '.') {
      *to++ = 'T';
      from += n + 1 + m;
    } else {
      *to++ = *from++;
    }
  }
  *to = 0;
}

static void end_line(char *text) { memcpy(text + strlen(text), "\n", 2); }

void golden_collect(golden *g, p2p_host *h, p2p_conn c) {
  p2p_report_entry e = { .size = sizeof e };
  *g = (golden){ 0 };
  for (size_t i = 0; p2p_conn_report(h, c, i, &e) == 0; i++) {
    size_t n = strlen(g->lines), k = strlen(g->json);
    assert_true(p2p_report_print(&e, g->lines + n, sizeof g->lines - n - 2) > 0);
    assert_true(p2p_report_json(&e, g->json + k, sizeof g->json - k - 2) > 0);
    end_line(g->lines);
    end_line(g->json);
  }
  blank(g->lines);
  blank(g->json);
}

static void check_text(const char *said, const char *line) {
  char want[4000];
  size_t n = strlen(line);
  memcpy(want, line, n + 1);
  end_line(want);
  assert_string_equal(said, want);
}

void golden_check(const golden *g, const char *line, const char *json) {
  check_text(g->lines, line);
  if (json) check_text(g->json, json);
}
