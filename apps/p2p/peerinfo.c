/* What identify told of a peer. The host keeps it in its peerstore; nothing is asked twice. */
#include "peerinfo.h"

#include "clock.h"

static const p2p_time PATIENCE = 15 * P2P_SECOND; /* more than the host's own deadline */

int peerinfo_wait(session *s) {
  int err = session_wait(s, &s->identified, clock_now() + PATIENCE);
  return err < 0 ? err : s->identify_err;
}

static const char *text_or_empty(const char *text) { return text ? text : ""; }

static void json_protocols(session *s, json *j) {
  const char *id;
  json_list(j, "protocols");
  for (size_t i = 0; (id = p2p_peer_protocol(s->host, &s->peer, i)); i++) json_text(j, NULL, id);
  json_list_end(j);
}

static void json_addrs(session *s, json *j) {
  char addr[P2P_ADDR_TEXT_MAX];
  json_list(j, "listen_addrs");
  for (size_t i = 0; p2p_peer_addr(s->host, &s->peer, i, addr, sizeof addr) > 0; i++)
    json_text(j, NULL, addr);
  json_list_end(j);
}

int peerinfo_json(session *s, json *j) {
  char peer[P2P_PEER_ID_TEXT_MAX] = "";
  p2p_peer_info info = { .size = sizeof info };
  int err = p2p_peer_get(s->host, &s->peer, &info);
  if (err < 0) return err;
  json_text(j, "agent_version", text_or_empty(info.agent)); /* lives until the next call only */
  json_text(j, "protocol_version", text_or_empty(info.version));
  json_text(j, "observed_addr", info.observed);
  json_bool(j, "signed_record", info.record);
  (void)!p2p_peer_id_print(&s->peer, peer, sizeof peer);
  json_text(j, "peer", peer);
  json_protocols(s, j);
  json_addrs(s, j);
  return 0;
}

static void print_line(const char *label, const char *text) {
  printf("%-12s ", label);
  text_print(stdout, text_or_empty(text));
  putchar('\n');
}

static void print_lists(session *s) {
  char addr[P2P_ADDR_TEXT_MAX];
  const char *id;
  for (size_t i = 0; p2p_peer_addr(s->host, &s->peer, i, addr, sizeof addr) > 0; i++)
    print_line(i ? "" : "listens on", addr);
  for (size_t i = 0; (id = p2p_peer_protocol(s->host, &s->peer, i)); i++)
    print_line(i ? "" : "protocols", id);
}

int peerinfo_print(session *s) {
  char peer[P2P_PEER_ID_TEXT_MAX] = "";
  p2p_peer_info info = { .size = sizeof info };
  (void)!p2p_peer_id_print(&s->peer, peer, sizeof peer);
  int err = p2p_peer_get(s->host, &s->peer, &info);
  if (err < 0) return err;
  print_line("peer id", peer);
  print_line("agent", info.agent);
  print_line("version", info.version);
  print_line("sees us at", info.observed);
  print_line("addresses", info.record ? "in a record it signed" : "not signed");
  print_lists(s);
  return 0;
}
