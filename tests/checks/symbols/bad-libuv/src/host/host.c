int uv_version(void);
int p2p__x(void);
int p2p__x(void) { return uv_version(); }
