int f(void *b) { return setjmp(b); }
