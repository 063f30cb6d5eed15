static const char *names[] = {"a", "b"};
void p2p__name(int i, const char *n);
void p2p__name(int i, const char *n) { names[i] = n; }
const char *p2p__names(int i);
const char *p2p__names(int i) { return names[i]; }
