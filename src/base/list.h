/* Intrusive doubly linked list; an unlinked node points to itself. */
#ifndef P2P_BASE_LIST_H
#define P2P_BASE_LIST_H

#include "base/attr.h"
#include <stdbool.h>

typedef struct p2p__list {
  struct p2p__list *next, *prev;
} p2p__list;

static inline void p2p__list_init(p2p__list *l) { l->next = l->prev = l; }
static inline bool p2p__list_empty(const p2p__list *l) { return l->next == l; }
static inline bool p2p__list_linked(const p2p__list *l) { return l->next && l->next != l; }

/* Links node before `at`: at the end when `at` is the list's head. */
static inline void p2p__list_add(p2p__list *at, p2p__list *node) {
  node->prev = at->prev;
  node->next = at;
  at->prev->next = node;
  at->prev = node;
}
static inline void p2p__list_del(p2p__list *node) {
  if (!node->next) return;
  node->prev->next = node->next;
  node->next->prev = node->prev;
  node->next = node->prev = node;
}
/* Removes and returns the first node; NULL when the list is empty. */
static inline p2p__list *p2p__list_pop(p2p__list *l) {
  p2p__list *node = l->next;
  if (node == l) return NULL;
  p2p__list_del(node);
  return node;
}

/* Moves all nodes of `from` to the end of l. */
static inline void p2p__list_splice(p2p__list *l, p2p__list *from) {
  if (p2p__list_empty(from)) return;
  from->next->prev = l->prev;
  l->prev->next = from->next;
  from->prev->next = l;
  l->prev = from->prev;
  p2p__list_init(from);
}

#endif
