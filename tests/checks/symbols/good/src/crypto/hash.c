int EVP_sha256(void);
int p2p__hash(void);
int p2p__hash(void) { return EVP_sha256(); }
