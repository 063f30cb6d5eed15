/* Results: a line each on stdout, a table in Markdown or a list in JSON in a file. */
#include "evil.h"

static double seconds(p2p_time t) { return (double)t * 1e-9; }

void report_row(FILE *to, const result *r) {
  fprintf(to, "%-21s %-11s %-10s %6.2f s  honest %llu, worst %.0f ms  memory %+.1f MiB  %s\n",
          r->row->id, r->row->layer, evil_verdicts[r->verdict], seconds(r->took),
          (unsigned long long)r->rounds, seconds(r->worst) * 1e3,
          (double)(ptrdiff_t)r->grew / (1 << 20), r->row->claim);
  fflush(to);
}

static void markdown(FILE *f, const char *addr, const result *r, size_t n) {
  fprintf(f, "`evilpeer all %s`\n\n", addr);
  fprintf(f, "| row | layer | source | attack | verdict | s |\n|---|---|---|---|---|---|\n");
  for (size_t i = 0; i < n; i++)
    fprintf(f, "| %s | %s | %s | %s | %s | %.2f |\n", r[i].row->id, r[i].row->layer,
            r[i].row->source, r[i].row->claim, evil_verdicts[r[i].verdict], seconds(r[i].took));
}

/* Every text in here is ours and needs no escaping. */
static void json_list_of(FILE *f, const result *r, size_t n) {
  fprintf(f, "[\n");
  for (size_t i = 0; i < n; i++)
    fprintf(f,
            " {\"row\":\"%s\",\"layer\":\"%s\",\"source\":\"%s\",\"claim\":\"%s\","
            "\"verdict\":\"%s\",\"seconds\":%.3f,\"grew\":%lld,\"honest\":%llu,"
            "\"worst_ms\":%.1f}%s\n",
            r[i].row->id, r[i].row->layer, r[i].row->source, r[i].row->claim,
            evil_verdicts[r[i].verdict], seconds(r[i].took), (long long)(ptrdiff_t)r[i].grew,
            (unsigned long long)r[i].rounds, seconds(r[i].worst) * 1e3, i + 1 < n ? "," : "");
  fprintf(f, "]\n");
}

bool report_results(const char *file, const char *addr, const result *r, size_t n) {
  FILE *f = fopen(file, "we");
  size_t len = strlen(file);
  if (!f) return false;
  if (len > 5 && strcmp(file + len - 5, ".json") == 0)
    json_list_of(f, r, n);
  else
    markdown(f, addr, r, n);
  return fclose(f) == 0;
}
