int EVP_sha256(void);
int p2p__x(void);
int p2p__x(void) { return EVP_sha256(); }
