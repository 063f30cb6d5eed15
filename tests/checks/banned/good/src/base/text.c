/* strcpy(a, b) is banned */
static const char *const why = "system(x) and rand() too";
struct ops { void (*free)(void *); long (*time)(void); };
void f(struct ops *o) { o->free(0); }
// gets(x)
int p2p_time_of(int time) { return time; }
