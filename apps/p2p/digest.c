/* SHA-256, by libcrypto. */
#include "digest.h"

#include <openssl/evp.h>

void digest_begin(digest *d) {
  digest_fini(d);
  d->ctx = EVP_MD_CTX_new();
  if (d->ctx && EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) != 1) digest_fini(d);
}

void digest_add(digest *d, const void *p, size_t len) {
  if (d->ctx && EVP_DigestUpdate(d->ctx, p, len) != 1) digest_fini(d);
}

bool digest_so_far(const digest *d, uint8_t out[DIGEST_LEN]) {
  EVP_MD_CTX *copy = d->ctx ? EVP_MD_CTX_new() : NULL;
  bool ok = copy && EVP_MD_CTX_copy_ex(copy, d->ctx) == 1 &&
            EVP_DigestFinal_ex(copy, out, NULL) == 1;
  EVP_MD_CTX_free(copy);
  return ok;
}

void digest_fini(digest *d) {
  EVP_MD_CTX_free(d->ctx);
  d->ctx = NULL;
}
