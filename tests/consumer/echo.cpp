// The same from C++: a host is a unique_ptr, callbacks are lambdas that capture nothing.
#include <p2p/p2p.h>

#include <cstdio>
#include <memory>
#include <poll.h>
#include <stdexcept>
#include <string>

struct Free {
  void operator()(p2p_host *h) const { p2p_host_free(h); }
};
using Host = std::unique_ptr<p2p_host, Free>;

static int check(ptrdiff_t result) {
  if (result < 0) throw std::runtime_error(p2p_strerror(static_cast<int>(result)));
  return static_cast<int>(result);
}

static Host host(const char *listen) {
  p2p_host_opts opts{};
  opts.size = sizeof opts;
  opts.listen = &listen;
  opts.n_listen = listen ? 1 : 0;
  p2p_host *h = nullptr;
  check(p2p_host_new(&h, &opts));
  return Host(h);
}

static void echo(p2p_host *h, p2p_stream s, void *) {
  p2p_bytes in;
  int err;
  while ((err = p2p_peek(h, s, &in)) >= 0 && in.len > 0) {
    auto n = p2p_write(h, s, in.p, in.len);
    if (n < 0) return;
    p2p_consume(h, s, static_cast<size_t>(n));
  }
  if (err == P2P_EEOF) p2p_finish(h, s);
}

struct Answer {
  std::string text;
  bool closed = false;
  int err = 0;
};

static std::string ask(p2p_host *client, p2p_host *server, const std::string &question) {
  static const char *const id = "/consumer/echo/1.0.0";
  p2p_handler serve{};
  serve.size = sizeof serve;
  serve.on_readable = serve.on_writable = echo;
  check(p2p_protocol_add(server, id, &serve));
  char addr[P2P_ADDR_TEXT_MAX];
  check(p2p_host_addr(server, 0, addr, sizeof addr));

  Answer answer;
  p2p_handler handler{};
  handler.size = sizeof handler;
  handler.user = &answer;
  handler.on_readable = [](p2p_host *h, p2p_stream s, void *user) {
    char buf[64];
    for (ptrdiff_t n; (n = p2p_read(h, s, buf, sizeof buf)) > 0;)
      static_cast<Answer *>(user)->text.append(buf, static_cast<size_t>(n));
  };
  handler.on_close = [](p2p_host *, p2p_stream, int err, uint32_t, void *user) {
    static_cast<Answer *>(user)->closed = true;
    static_cast<Answer *>(user)->err = err;
  };
  p2p_conn conn;
  p2p_stream stream;
  check(p2p_dial(client, addr, &conn));
  check(p2p_stream_open_on(client, conn, &id, 1, &handler, &stream));
  check(p2p_write(client, stream, question.data(), question.size()));
  check(p2p_finish(client, stream));

  const p2p_time end = p2p_host_now(client) + 60 * P2P_SECOND;
  while (!answer.closed) {
    pollfd fds[] = { { p2p_host_fd(client), POLLIN, 0 }, { p2p_host_fd(server), POLLIN, 0 } };
    poll(fds, 2, 10); // deadlines are at hand: a wait this short need not ask for them
    check(p2p_host_step(client, 0));
    check(p2p_host_step(server, 0));
    if (p2p_host_now(client) > end) throw std::runtime_error("no answer");
  }
  check(answer.err);
  return answer.text;
}

int main() try {
  Host server = host("/ip4/127.0.0.1/tcp/0"), client = host(nullptr);
  const std::string question = "is anybody there?";
  const std::string answer = ask(client.get(), server.get(), question);
  std::puts(answer.c_str());
  return answer != question;
} catch (const std::exception &e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
