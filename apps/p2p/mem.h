/* The program's own memory; the host has its own. */
#ifndef APP_MEM_H
#define APP_MEM_H

#include <stddef.h>

/* n objects of size bytes, zeroed; NULL when there is no memory. */
void *mem_zeroed(size_t n, size_t size);
void mem_free(void *p); /* NULL accepted; also takes what libc allocated for us */
/* Gives free memory back to the system, so that what remains is what is in use. */
void mem_trim(void);

typedef struct mem_use {
  size_t rss;  /* resident bytes of the process; 0: not known here */
  size_t heap; /* live bytes from malloc, all libraries included; 0: not known here */
} mem_use;
mem_use mem_used(void);

#endif
