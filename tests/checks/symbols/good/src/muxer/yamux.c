void p2p__copy(char *to, const char *from);
void p2p__mux(char *a);
void p2p__mux(char *a) { p2p__copy(a, a); }
