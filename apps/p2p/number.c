/* Numbers, sizes and durations as people type them. */
#include "number.h"

#include <string.h>

typedef struct unit {
  const char *name;
  uint64_t factor;
} unit;

static const unit sizes[] = {
  { "", 1 },           { "B", 1 },          { "k", 1000 },
  { "K", 1000 },       { "kB", 1000 },      { "M", 1000000 },
  { "MB", 1000000 },   { "G", 1000000000 }, { "GB", 1000000000 },
  { "Ki", 1U << 10 },  { "KiB", 1U << 10 }, { "Mi", 1U << 20 },
  { "MiB", 1U << 20 }, { "Gi", 1U << 30 },  { "GiB", 1U << 30 },
};
static const unit durations[] = {
  { "", P2P_SECOND }, { "s", P2P_SECOND },      { "ms", P2P_MS },
  { "us", P2P_US },   { "m", 60 * P2P_SECOND }, { "h", 3600 * P2P_SECOND },
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool number_scan(const char **p, uint64_t *out) {
  uint64_t n = 0;
  const char *at = *p;
  for (; is_digit(*at); at++) {
    uint64_t digit = (uint64_t)(*at - '0');
    if (n > (UINT64_MAX - digit) / 10) return false;
    n = n * 10 + digit;
  }
  if (at == *p) return false;
  *p = at;
  *out = n;
  return true;
}

bool number_count(const char *text, uint64_t *out) {
  return number_scan(&text, out) && *text == '\0';
}

static const unit *find_unit(const unit *table, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(table[i].name, name) == 0) return &table[i];
  return NULL;
}

/* Digits behind the point at *p, in units of factor. What a unit cannot hold is cut off. */
static uint64_t scan_fraction(const char **p, uint64_t factor) {
  uint64_t sum = 0;
  for (; is_digit(**p); (*p)++) {
    sum += factor / 10 * (uint64_t)(**p - '0') + factor % 10 * (uint64_t)(**p - '0') / 10;
    factor /= 10;
  }
  return sum;
}

static bool scan_with_unit(const char *text, const unit *table, size_t n, uint64_t *out) {
  uint64_t whole = 0, part = 0;
  if (!number_scan(&text, &whole)) return false;
  const char *fraction = *text == '.' ? text + 1 : NULL;
  if (fraction) {
    text = fraction + strspn(fraction, "0123456789");
    if (text == fraction) return false;
  }
  const unit *u = find_unit(table, n, text);
  if (!u) return false;
  if (fraction) part = scan_fraction(&fraction, u->factor);
  if (whole > (UINT64_MAX - part) / u->factor) return false;
  *out = whole * u->factor + part;
  return true;
}

bool number_size(const char *text, uint64_t *out) {
  return scan_with_unit(text, sizes, sizeof sizes / sizeof *sizes, out);
}

bool number_duration(const char *text, p2p_time *out) {
  return scan_with_unit(text, durations, sizeof durations / sizeof *durations, out);
}
