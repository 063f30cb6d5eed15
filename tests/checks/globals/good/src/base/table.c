static const char *const names[] = {"a", "b"};
const char *p2p__name(int i);
const char *p2p__name(int i) { return names[i]; }
