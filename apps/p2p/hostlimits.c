/* Limits of a host as people write them. Names, units, ranges and reasons are the library's own. */
#include "hostlimits.h"

#include <string.h>

#include "nearest.h"
#include "number.h"
#include "report.h"

enum { NAME_MAX_LEN = 64 };

static bool find(const char *name, p2p_limit *out) {
  *out = (p2p_limit){ .size = sizeof *out };
  for (size_t i = 0; p2p_limit_info(i, out) >= 0; i++)
    if (strcmp(out->name, name) == 0) return true;
  return false;
}

static const char *guess(const char *name) {
  p2p_limit info = { .size = sizeof info };
  nearest near;
  nearest_begin(&near, name);
  for (size_t i = 0; p2p_limit_info(i, &info) >= 0; i++) nearest_offer(&near, info.name);
  return nearest_name(&near);
}

static bool is_unit(const p2p_limit *info, const char *unit) {
  return strcmp(info->unit, unit) == 0;
}

static bool scan(const p2p_limit *info, const char *value, uint64_t *out) {
  if (is_unit(info, "ns")) return number_duration(value, out);
  return is_unit(info, "bytes") ? number_size(value, out) : number_count(value, out);
}

static p2p_setting *place(limits *l, const char *name) {
  for (size_t i = 0; i < l->n; i++)
    if (strcmp(l->item[i].name, name) == 0) return &l->item[i];
  return l->n < LIMITS_SET_MAX ? &l->item[l->n++] : NULL;
}

bool limits_set(limits *l, const char *name, const char *value, char why[LIMITS_WHY_MAX]) {
  p2p_limit info;
  uint64_t n = 0;
  char min[32], max[32];
  if (!find(name, &info)) {
    const char *near = guess(name);
    snprintf(why, LIMITS_WHY_MAX, "no such limit%s%s%s", near ? "; did you mean " : "",
             near ? near : "; \"p2p config\" lists them", near ? "?" : "");
    return false;
  }
  limits_print(&info, info.min, min);
  limits_print(&info, info.max, max);
  bool ok = scan(&info, value, &n) && n >= info.min && n <= info.max;
  p2p_setting *at = ok ? place(l, info.name) : NULL;
  if (at)
    *at = (p2p_setting){ info.name, n };
  else
    snprintf(why, LIMITS_WHY_MAX, "must be %s to %s%s", min, max,
             is_unit(&info, "ns")      ? ", in seconds"
             : is_unit(&info, "bytes") ? ", in bytes"
                                       : "");
  return at != NULL;
}

bool limits_parse(limits *l, const char *command, const char *text) {
  char name[NAME_MAX_LEN], why[LIMITS_WHY_MAX] = "give NAME=VALUE";
  const char *sign = strchr(text, '=');
  size_t len = sign ? (size_t)(sign - text) : 0;
  if (len > 0 && len < sizeof name) {
    memcpy(name, text, len);
    name[len] = '\0';
    if (limits_set(l, name, sign + 1, why)) return true;
  }
  report(command, "--limit %s: %s", text, why);
  return false;
}

void limits_print(const p2p_limit *info, uint64_t value, char out[32]) {
  static const char *const sizes[] = { "", "KiB", "MiB", "GiB" };
  size_t i = 0;
  if (is_unit(info, "ns")) {
    bool whole = value % P2P_SECOND == 0, milli = value % P2P_MS == 0;
    snprintf(out, 32, "%llu%s",
             (unsigned long long)(value / (whole   ? P2P_SECOND
                                           : milli ? P2P_MS
                                                   : P2P_US)),
             whole   ? "s"
             : milli ? "ms"
                     : "us");
    return;
  }
  if (is_unit(info, "bytes"))
    for (; i < 3 && value > 0 && value % 1024 == 0; i++) value /= 1024;
  snprintf(out, 32, "%llu%s", (unsigned long long)value, sizes[i]);
}

void limits_describe(FILE *to) {
  p2p_limit info = { .size = sizeof info };
  char value[32], min[32], max[32];
  fputs("\n[limits]\n", to);
  for (size_t i = 0; p2p_limit_info(i, &info) >= 0; i++) {
    limits_print(&info, info.value, value);
    limits_print(&info, info.min, min);
    limits_print(&info, info.max, max);
    bool counted = !is_unit(&info, "ns") && !is_unit(&info, "bytes");
    fprintf(to, "\n# %s\n# %s to %s%s%s\n#%s = %s\n", info.reason, min, max, counted ? " " : "",
            counted ? info.unit : "", info.name, value);
  }
}
