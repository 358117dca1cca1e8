#include "contract/row.h"

#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "contract/stage.h"

namespace contract {
namespace {

using Kind = hotline::Concurrency::Kind;
using hotline::EngineKind;

const Row kRows[] = {
    {"loops-epoll", {Kind::loops, 2}, EngineKind::epoll},
    {"loops-uring", {Kind::loops, 2}, EngineKind::uring},
    {"serial", {Kind::serial, {}}, EngineKind::epoll},
    {"threads", {Kind::threads, 32}, EngineKind::epoll},
    {"processes", {Kind::processes, 32}, EngineKind::epoll},
    {"loops-simulated", {Kind::loops, 2}, EngineKind::simulated},
    {"serial-simulated", {Kind::serial, {}}, EngineKind::simulated},
    {"threads-simulated", {Kind::threads, 32}, EngineKind::simulated},
};

constexpr int kSkipStatus = 77;

const Row& choose() {
  const char* wanted = std::getenv("HOTLINE_ROW");
  const auto* found =
      std::ranges::find(kRows, wanted == nullptr ? "loops-epoll" : wanted, &Row::name);
  if (found == std::end(kRows)) {
    std::fprintf(stderr, "there is no row '%s'\n", wanted);
    std::exit(EXIT_FAILURE);
  }
  const hotline::UringReport uring = hotline::probe_uring();
  if (found->engine == EngineKind::uring && !uring.is_usable) {
    std::fprintf(stderr, "skipped: %s\n", uring.reason.c_str());
    std::exit(kSkipStatus);
  }
  return *found;
}

/// A directory for UNIX sockets, removed at the end.
class SocketDirectory {
 public:
  SocketDirectory() {
    std::string pattern = std::filesystem::temp_directory_path() / "hotline-contract-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~SocketDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string next() { return path_ + "/" + std::to_string(++count_) + ".sock"; }

 private:
  std::string path_;
  int count_ = 0;
};

SocketDirectory& directory() {
  static SocketDirectory made;
  return made;
}

std::vector<std::string> for_each_seed(const std::vector<std::string>& kinds, Seeds seeds) {
  restart_seeds(kinds.size());
  std::vector<std::string> endpoints;
  for (std::uint64_t i = 0; i < (seeds == Seeds::all ? seed_count() : 1); ++i) {
    for (const std::string& kind : kinds) {
      endpoints.push_back(kind.ends_with("//") ? kind + directory().next() : kind);
    }
  }
  return endpoints;
}

}  // namespace

const Row& row() {
  static const Row& chosen = choose();
  return chosen;
}

std::vector<std::string> stream_endpoints(Seeds seeds) {
  return for_each_seed({"tcp://127.0.0.1:0", "tcp://[::1]:0", "unix://", "tls://127.0.0.1:0"},
                       seeds);
}

std::vector<std::string> datagram_endpoints() {
  return for_each_seed({"udp://127.0.0.1:0", "udp://[::1]:0", "unixgram://"}, Seeds::all);
}

}  // namespace contract
