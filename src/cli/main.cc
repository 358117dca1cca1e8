#include <cstdio>
#include <cstring>
#include "hotline/server/server.h"
#include "hotline/services/upper.h"
int main(int argc, char** argv) {
  hotline::ServerOptions o;
  o.signals = hotline::SignalUse::drain;
  hotline::Server* s;
  std::vector<std::string> uris;
  for (int i = 1; i < argc; ++i) {
    std::string a = argv[i];
    if (a == "serve") continue;
    if (a == "--engine") { o.loop.engine = *hotline::parse_engine_kind(argv[++i]); continue; }
    if (a == "--concurrency") { o.concurrency = *hotline::Concurrency::parse(argv[++i]); continue; }
    if (a == "--once") { o.calls = hotline::CallCount::one; continue; }
    uris.push_back(a.substr(a.find('=') + 1));
  }
  s = new hotline::Server(o);
  hotline::Handler h(hotline::upper);
  h.also(hotline::upper_message);
  for (auto& u : uris) if (auto r = s->add(u, h, "upper"); !r) { std::puts(r.error().message().c_str()); return 1; }
  if (auto r = s->bind(); !r) { std::puts(r.error().message().c_str()); return 1; }
  for (auto& b : s->services()) std::fprintf(stderr, "listening %s %s\n", b.name.c_str(), b.endpoint.format().c_str());
  auto r = s->run();
  if (!r) { std::puts(r.error().message().c_str()); return 1; }
  std::fprintf(stderr, "drained calls=%lu finished=%lu cut=%lu\n", r->calls, r->finished, r->cut);
  delete s;
}
