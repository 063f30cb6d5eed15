/* Two parties about to shake hands over Noise. */
#include "duo.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

const char *const duo_muxers[2] = { "/yamux/1.0.0", "/mplex/6.7.0" };

duo *duo_new(void) {
  duo *d = calloc(1, sizeof *d);
  assert_non_null(d);
  for (int i = 0; i < 2; i++) {
    party_init(&d->party[i], (uint8_t)(0x11 + 0x80 * i));
    d->config[i] = party_config(&d->party[i], i == 0);
    d->config[i].muxers = duo_muxers;
    d->config[i].n_muxers = 2;
  }
  return d;
}

void duo_free(duo *d) {
  for (int i = 0; i < 2; i++) party_fini(&d->party[i]);
  free(d);
}

step_pair *duo_pair(duo *d) {
  return step_pair_new(party_noise(&d->party[0], &d->config[0]),
                       party_noise(&d->party[1], &d->config[1]));
}

void duo_ends(duo *d, int initiator, int responder) {
  step_pair *p = duo_pair(d);
  step_pair_run(p);
  assert_int_equal(p->result[0], initiator);
  assert_int_equal(p->result[1], responder);
  step_pair_free(p);
}
