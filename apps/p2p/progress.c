/* How far a file is. */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "json.h"

enum { BAR = 24 };

static const p2p_time BAR_EVERY = 200 * P2P_MS, JSON_EVERY = P2P_SECOND;

progress_kind progress_choose(bool as_json, bool quiet) {
  if (as_json) return PROGRESS_JSON;
  return !quiet && isatty(STDERR_FILENO) ? PROGRESS_BAR : PROGRESS_NONE;
}

void progress_begin(progress *p, progress_kind kind, const char *name, bool has_size, uint64_t size,
                    uint64_t from) {
  p2p_time now = clock_now();
  *p = (progress){ .kind = kind,
                   .name = name,
                   .has_size = has_size,
                   .size = size,
                   .from = from,
                   .done = from,
                   .begun = now,
                   .told = now };
}

void progress_amount(double n, char out[16]) {
  static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
  size_t i = 0;
  for (; n >= 999.5 && i + 1 < sizeof units / sizeof *units; i++) n /= 1000;
  snprintf(out, 16, "%.3g %s", n, units[i]);
}

double progress_rate(const progress *p) {
  double seconds = (double)(clock_now() - p->begun) * 1e-9;
  return seconds > 0 ? (double)(p->done - p->from) / seconds : 0;
}

static void draw(const progress *p) {
  char done[16], rate[16], bar[BAR + 1];
  double speed = progress_rate(p);
  progress_amount((double)p->done, done);
  progress_amount(speed, rate);
  fputs("\r\033[K", stderr);
  text_print(stderr, p->name);
  if (!p->has_size) {
    fprintf(stderr, "  %s  %s/s", done, rate);
  } else {
    double part = p->size ? (double)p->done / (double)p->size : 1;
    double left = speed > 0 ? (double)(p->size - p->done) / speed : 0;
    int full = (int)(part * (double)BAR);
    for (int i = 0; i < BAR; i++) bar[i] = i < full ? '#' : '.';
    bar[BAR] = '\0';
    fprintf(stderr, "  [%s] %3.0f%%  %s  %s/s  eta %d:%02d", bar, part * 100, done, rate,
            (int)(left / 60) % 6000, (int)left % 60);
  }
  fflush(stderr);
}

static void print(const progress *p) {
  json j;
  json_begin(&j);
  json_text(&j, "event", "progress");
  json_text(&j, "file", p->name);
  json_count(&j, "bytes", p->done);
  if (p->has_size) json_count(&j, "size", p->size);
  json_real(&j, "bytes_per_s", progress_rate(p));
  json_end(&j);
}

void progress_move(progress *p, uint64_t done) {
  p->done = done;
  if (p->kind == PROGRESS_NONE) return;
  p2p_time now = clock_now();
  if (now - p->told < (p->kind == PROGRESS_BAR ? BAR_EVERY : JSON_EVERY)) return;
  p->told = now;
  (p->kind == PROGRESS_BAR ? draw : print)(p);
}

void progress_end(progress *p) {
  if (p->kind == PROGRESS_BAR) fputs("\r\033[K", stderr);
}
