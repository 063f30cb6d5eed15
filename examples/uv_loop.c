/* A node inside a libuv loop: a uv_poll for its descriptor, a uv_timer for its deadline, and a
 * uv_prepare that reads the deadline before the loop goes to sleep.
 *
 *   uv_loop            serves until its stdin ends
 *   uv_loop ADDRESS    pings that peer once */
#include <p2p/p2p.h>

#include <stdio.h>
#include <unistd.h>
#include <uv.h>

struct node {
  p2p_host *host;
  uv_loop_t *loop;
  uv_poll_t poll, input;
  uv_timer_t timer;
  uv_prepare_t prepare;
};

/* Pings whom we dialed. True when the answer is there, or will never be. */
static bool take_events(p2p_host *h) {
  const p2p_event *e;
  while ((e = p2p_next_event(h))) {
    int err = e->err;
    if (e->kind == P2P_EV_CONN_OPEN && e->direction == P2P_OUTBOUND) err = p2p_ping(h, &e->peer);
    if (e->kind == P2P_EV_PING && err >= 0) printf("%.3f ms\n", (double)e->rtt * 1e-6);
    if (e->kind == P2P_EV_PING) return true;
    if (err < 0 && e->direction == P2P_OUTBOUND && e->kind <= P2P_EV_CONN_CLOSED) {
      printf("%s\n", p2p_strerror(err));
      return true;
    }
  }
  return false;
}

static void turn(struct node *node) {
  if (p2p_host_step(node->host, 0) < 0 || take_events(node->host)) uv_stop(node->loop);
}

static void on_readable(uv_poll_t *poll, int status, int events) {
  (void)status;
  (void)events;
  turn(poll->data);
}

static void on_deadline(uv_timer_t *timer) { turn(timer->data); }

/* Runs last before the loop waits: whatever moved the deadline has done so by now. */
static void on_prepare(uv_prepare_t *prepare) {
  struct node *node = prepare->data;
  p2p_time at = p2p_host_deadline(node->host), now = p2p_host_now(node->host);
  uv_timer_stop(&node->timer);
  if (at == P2P_NEVER) return;
  uv_timer_start(&node->timer, on_deadline, at > now ? (at - now + P2P_MS - 1) / P2P_MS : 0, 0);
}

static void on_input(uv_poll_t *input, int status, int events) {
  char rest[256];
  struct node *node = input->data;
  (void)status;
  (void)events;
  if (read(STDIN_FILENO, rest, sizeof rest) <= 0) uv_stop(node->loop);
}

static void run(struct node *node) {
  uv_poll_init(node->loop, &node->poll, p2p_host_fd(node->host));
  uv_poll_init(node->loop, &node->input, STDIN_FILENO);
  uv_timer_init(node->loop, &node->timer);
  uv_prepare_init(node->loop, &node->prepare);
  node->poll.data = node->input.data = node->timer.data = node->prepare.data = node;
  uv_poll_start(&node->poll, UV_READABLE, on_readable);
  uv_poll_start(&node->input, UV_READABLE, on_input);
  uv_prepare_start(&node->prepare, on_prepare);
  uv_run(node->loop, UV_RUN_DEFAULT); /* until uv_stop */

  uv_close((uv_handle_t *)&node->poll, NULL);
  uv_close((uv_handle_t *)&node->input, NULL);
  uv_close((uv_handle_t *)&node->timer, NULL);
  uv_close((uv_handle_t *)&node->prepare, NULL);
  uv_run(node->loop, UV_RUN_DEFAULT); /* until the handles are closed */
}

int main(int argc, char **argv) {
  struct node node = { .loop = uv_default_loop() };
  p2p_conn conn;
  char addr[P2P_ADDR_TEXT_MAX];
  int err = p2p_host_new(&node.host, NULL);
  if (err >= 0 && argc > 1) err = p2p_dial(node.host, argv[1], &conn);
  if (err < 0) {
    fprintf(stderr, "cannot start: %s\n", p2p_strerror(err));
    p2p_host_free(node.host);
    return 1;
  }
  for (size_t i = 0; p2p_host_addr(node.host, i, addr, sizeof addr) > 0; i++) puts(addr);
  fflush(stdout);
  run(&node);
  p2p_host_free(node.host);
  uv_loop_close(node.loop);
  return 0;
}
